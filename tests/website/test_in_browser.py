"""The page in headless Chromium: right labels, proof, controls, camera, offline."""

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import demo_clip, models_folder
from deeplab_cv.networks.network import graph_at, nearest_size, variant_graphs
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.preprocess import blob_of
from deeplab_cv.website.site import write_site
from tests.chromium import CHROMIUM, Tab, browser
from tests.tiny_networks import PERSON, halves, tiny_network
from tests.website.conftest import Served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

READY = "document.body.dataset.ready === 'yes'"
MESSAGE = "document.getElementById('message').textContent"
NOTICES = "document.getElementById('notices').textContent"
FIGURES = "document.getElementById('figures').innerText"
ALLOWED = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")

LAST = """(async () => {
  const { rgba, labels, size } = await deeplab.last();
  const text = async (bytes) => (await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob([bytes]));
  })).split(",")[1];
  return { ...size, rgba: await text(rgba), labels: await text(labels) };
})()"""


def last(tab: Tab) -> tuple[np.ndarray, np.ndarray]:
    """The frame that the page segmented last (BGR), and its labels."""
    result = tab.run(LAST)
    shape = (result["height"], result["width"])
    rgba = np.frombuffer(base64.b64decode(result["rgba"]), np.uint8).reshape(*shape, 4)
    return rgba[..., 2::-1].copy(), np.frombuffer(base64.b64decode(result["labels"]), np.uint8).reshape(shape)


def open_picture(tab: Tab, picture: np.ndarray) -> None:
    """Give the page a picture, as its file button would."""
    png = base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()
    tab.run(f"""(async () => {{
      const bytes = Uint8Array.from(atob("{png}"), (letter) => letter.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], "picture.png", {{ type: "image/png" }}));
      document.getElementById("segment").hidden = true;
      const input = document.getElementById("file");
      input.files = files.files;
      input.dispatchEvent(new Event("change"));
    }})()""")
    tab.wait("!document.getElementById('segment').hidden")


def program_s_labels(frame: np.ndarray, *, size: Size | None = None, precision: str = "float32") -> np.ndarray:
    """What the program gives a frame, at the size it takes for files unless one is named."""
    network = open_network(models_folder() / "deeplabv3_lite.onnx")
    graph = graph_at(network, size or nearest_size(network.card.input_sizes, Size.of(frame)))
    if precision == "int8":
        graph = next(each for each in variant_graphs(network, graph) if each.precision == "int8")
    session = onnxruntime.InferenceSession(str(graph.file), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"input": blob_of(frame, graph.input_size, network.card.input)})
    return labels_at(scores[0], Size.of(frame), align_corners=False)


def press(tab: Tab, button: str) -> None:
    tab.run(f"document.getElementById('{button}').click()")


def segmented(tab: Tab, picture: np.ndarray) -> np.ndarray:
    """The labels that the page gives a picture."""
    open_picture(tab, picture)
    tab.run("document.getElementById('figures').replaceChildren()")
    press(tab, "segment")
    tab.wait(f"{FIGURES}.includes('ms')")
    frame, labels = last(tab)
    assert np.array_equal(frame, picture)
    return labels


def pixel(tab: Tab, x: float, y: float) -> list[int]:
    """What the page shows at a place, in shares of the picture: RGB."""
    return tab.run(f"""(() => {{
      const {{ width, height }} = document.getElementById("picture");
      const context = document.getElementById("picture").getContext("2d");
      return [...context.getImageData({x} * width, {y} * height, 1, 1).data].slice(0, 3);
    }})()""")


@pytest.fixture(scope="module")
def tiny_site(runtime, tmp_path_factory):
    """A site whose network sees colours."""
    folder = tmp_path_factory.mktemp("tiny")
    write_site(open_network(tiny_network(folder)), runtime, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def tiny(tiny_site, tmp_path_factory):
    """That site, served, and one browser for all tests that leave nothing behind."""
    served = Served(tiny_site)
    with chromium(tmp_path_factory.mktemp("profile"), served.address) as tab:
        yield served.address, tab
    served.stop()


@pytest.fixture
def page(tiny):
    """The page of that site, just opened."""
    address, tab = tiny
    open_page(tab, address)
    return tab


def open_page(tab: Tab, address: str, until: str = READY) -> None:
    """Go to a page, and wait for what it must come to."""
    tab.run("document.body && delete document.body.dataset.ready")
    tab.say("Page.navigate", url=address)
    tab.wait(f"location.href === {json.dumps(address)} && document.readyState === 'complete' && ({until})")


@contextmanager
def chromium(profile: Path, address: str, flags: Sequence[str] = (), until: str = READY) -> Iterator[Tab]:
    """A page in a browser of its own, when it has come to what it must come to."""
    with browser(profile, flags) as running, running.tab(address) as tab:
        tab.wait(until)
        yield tab


@pytest.mark.parametrize(
    ("query", "precision", "least"),
    [
        ("?provider=wasm&threads=1&precision=float32", "float32", 0.999),
        ("?provider=wasm&threads=2", "float32", 0.999),
        ("?provider=wasm&precision=int8", "int8", 0.98),
    ],
)
def test_labels_are_the_program_s(site, serve, tmp_path, query, precision, least):
    clip = cv2.VideoCapture(str(demo_clip()))
    pictures = []
    for second in (1, 8):
        clip.set(cv2.CAP_PROP_POS_MSEC, 1000 * second)
        pictures.append(clip.read()[1])
    pictures.append(cv2.resize(pictures[0][:, 280:1000], (400, 400), interpolation=cv2.INTER_AREA))
    with chromium(tmp_path / "profile", serve(site).address + query) as tab:
        labels = [segmented(tab, picture) for picture in pictures]
    expected = [program_s_labels(picture, precision=precision) for picture in pictures]

    for found, right in zip(labels, expected, strict=True):
        assert (found == right).mean() >= least
    assert {15, 17} <= set(np.unique(np.concatenate([each.ravel() for each in labels])))


def test_a_network_that_computes_wrong_scores_is_refused(tiny_site, serve, tmp_path):
    damaged = tmp_path / "site"
    shutil.copytree(tiny_site, damaged)
    file = damaged / "network/tiny.onnx"
    model = onnx.load(file)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(values * np.float32(1.01), tensor.name))
    onnx.save(model, file)
    with chromium(tmp_path / "profile", serve(damaged).address, until=f"{MESSAGE}.includes('No provider')") as tab:
        assert "of the greatest score where 0.001 is allowed" in tab.run(NOTICES)
        assert tab.run("document.getElementById('segment').disabled && document.getElementById('camera').disabled")


def test_segment_paints_the_picture_and_restart_takes_the_paint_off(page):
    picture = halves(PERSON, 0)
    page.run("document.getElementById('style').value = 'mask'")
    labels = segmented(page, picture)

    assert (labels[:, :40] == PERSON).all() and (labels[:, -40:] == 0).all()
    assert pixel(page, 0.2, 0.5) == [255, 0, 0]
    assert pixel(page, 0.8, 0.5) == [0, 0, 0]

    press(page, "restart")
    assert pixel(page, 0.8, 0.5) == picture[36, 100, ::-1].tolist()


@pytest.mark.parametrize(
    ("style", "person", "rest"),
    [
        ("blend", [255, 0, 0], [90, 90, 90]),
        ("mask", [255, 0, 0], [0, 0, 0]),
        ("outline", [255, 0, 0], [90, 90, 90]),
        ("blur", [255, 0, 0], [90, 90, 90]),
        ("replace", [255, 0, 0], [0, 177, 64]),
        ("cutout", [255, 0, 0], [204, 204, 204]),
    ],
)
def test_every_style_paints(page, style, person, rest):
    page.run(f"document.getElementById('style').value = '{style}'")
    segmented(page, halves(PERSON, 0))
    shown = pixel(page, 0.2, 0.5), pixel(page, 0.88, 0.5)

    assert shown[0] == person
    assert shown[1] in (rest, [153, 153, 153] if style == "cutout" else rest)


def test_a_picture_opened_while_another_is_segmented_takes_its_place(page):
    open_picture(page, halves(PERSON, 0))
    press(page, "segment")
    labels = segmented(page, halves(0, PERSON))

    assert (labels[:, -40:] == PERSON).all()
    assert page.run(MESSAGE) == ""


def test_a_class_that_is_switched_off_is_not_painted(page):
    page.run("document.getElementById('style').value = 'mask'")
    segmented(page, halves(PERSON, 0))
    page.run(f"document.querySelectorAll('#class-list input[type=checkbox]')[{PERSON}].click()")
    page.wait("document.getElementById('picture').getContext('2d').getImageData(20, 36, 1, 1).data[0] === 0")

    assert pixel(page, 0.2, 0.5) == [0, 0, 0]


def test_people_before_the_camera_come_back_red(site, serve, tmp_path):
    clip, camera = cv2.VideoCapture(str(demo_clip())), tmp_path / "camera.mjpeg"
    with camera.open("wb") as file:
        for _ in range(20):
            file.write(cv2.imencode(".jpg", cv2.resize(clip.read()[1], (640, 360)))[1].tobytes())
    flags = (*ALLOWED, f"--use-file-for-fake-video-capture={camera}")
    with chromium(
        tmp_path / "profile",
        serve(site).address + "?camera=1&size=256x256",
        flags,
        until=f"{FIGURES}.includes('frames/s')",
    ) as tab:
        frame, labels = last(tab)
        press(tab, "camera")

    assert (labels == 15).mean() > 0.1
    assert (labels == program_s_labels(frame, size=Size(256, 256))).mean() >= 0.999


def test_a_refused_camera_is_one_sentence(tiny_site, serve, tmp_path):
    with chromium(
        tmp_path / "profile",
        serve(tiny_site).address,
        ("--use-fake-device-for-media-stream", "--deny-permission-prompts"),
    ) as tab:
        press(tab, "camera")
        tab.wait(f"{MESSAGE}.includes('refused')")


def test_no_camera_is_one_sentence(tiny_site, serve, tmp_path):
    with chromium(tmp_path / "profile", serve(tiny_site).address, ("--use-fake-ui-for-media-stream",)) as tab:
        press(tab, "camera")
        tab.wait(f"{MESSAGE}.includes('No camera was found')")


def test_the_second_visit_needs_no_connection(tiny_site, serve, tmp_path):
    served = serve(tiny_site)
    with chromium(tmp_path / "profile", served.address) as tab:
        tab.wait("navigator.serviceWorker.ready.then(() => true)")
        served.stop()
        open_page(tab, served.address)

        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


def test_a_host_without_the_headers_gets_threads_at_the_second_visit(tiny_site, serve, tmp_path):
    served = serve(tiny_site, {})
    with chromium(tmp_path / "profile", served.address) as tab:
        first = tab.run("crossOriginIsolated")
        tab.wait("navigator.serviceWorker.ready.then(() => true)")
        open_page(tab, served.address)

        assert (first, tab.run("crossOriginIsolated")) == (False, True)


def test_nothing_is_asked_of_anybody_else(tiny_site, serve, tmp_path):
    served = serve(tiny_site)
    # The browser begins to note what is asked for when a tab is there.
    with chromium(tmp_path / "profile", served.address + "icon-192.png", until="true") as tab:
        open_page(tab, served.address)
        segmented(tab, halves(PERSON, 0))
        asked = tab.requests

    assert len(asked) > 8
    assert [url for url in asked if not url.startswith((served.address, "blob:", "data:"))] == []


def test_the_page_speaks_chinese(tiny):
    address, tab = tiny
    open_page(tab, f"{address}?lang=zh")

    assert tab.run("document.getElementById('camera').textContent") == "摄像头"
    assert tab.run("document.documentElement.lang") == "zh"
    assert "人" in tab.run("document.getElementById('class-list').textContent")
