"""Providers in the browser: the wrong and the silent are passed over, and the network's labels are the program's."""

import json
import shutil

import cv2
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from deeplab_cv.machine.folders import demo_clip
from tests.chromium import CHROMIUM
from tests.tiny_networks import BACKGROUND, DOG, PERSON, SHEEP, halves
from tests.tutorial_picture import TUTORIAL_PICTURE
from tests.waiting import wait_for
from tests.website.page import (
    FIGURES,
    MESSAGE,
    NOTICES,
    READY,
    chromium,
    open_file,
    open_page,
    open_picture,
    press,
    program_s_labels,
    segment,
    segmented,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

# A watchdog would end the process that stands for a GPU where a busy machine keeps it waiting.
SOFTWARE_GPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--disable-gpu-watchdog")
HAS_ADAPTER = """(async () => {
  const silence = new Promise((resolve) => setTimeout(() => resolve(null), 30_000));
  for (let tries = 0; navigator.gpu && tries < 10; tries++) {
    if (await Promise.race([navigator.gpu.requestAdapter(), silence])) return true;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return false;
})()"""
"""A process that stands for a GPU may be on its way still when the page is there."""

WRONG = """
import * as right from "./right.mjs";
export * from "./right.mjs";
export const InferenceSession = { create: async (...given) => {
  const session = await right.InferenceSession.create(...given);
  return { run: async (feeds) => {
    const results = await session.run(feeds);
    for (const { data } of Object.values(results)) data.forEach((score, at) => (data[at] = 1.01 * score));
    return results;
  } };
} };
"""
"""A runtime whose scores are 1 % too great."""

ON_THE_PROCESSOR = """
import * as right from "./right.mjs";
export * from "./right.mjs";
export const InferenceSession = {
  create: (network, options) => right.InferenceSession.create(network, { ...options, executionProviders: ["wasm"] }),
};
"""
"""What stands for a WebGPU that is right, on a machine that has none."""

SILENT = """
export const env = { wasm: {} };
export const InferenceSession = { create: () => new Promise(() => undefined) };
"""
"""A runtime that gives no answer."""


IN_TURN = """
import * as right from "./right.mjs";
export * from "./right.mjs";
export const InferenceSession = { create: async (network, options) => {
  const session = await right.InferenceSession.create(network, options);
  const pause_ms = network.byteLength === %d ? 1000 : 0;
  return { run: async (feeds) => {
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
    return session.run(feeds);
  } };
} };
"""
"""A runtime that takes a second for the network of so many bytes."""

CHOSEN = "document.body.dataset.chosen === 'yes'"


def frame_at(second: float) -> np.ndarray:
    """A frame of the demo clip."""
    clip = cv2.VideoCapture(str(demo_clip()))
    clip.set(cv2.CAP_PROP_POS_MSEC, 1000 * second)
    return clip.read()[1]


ADAPTER = """
Object.defineProperty(navigator, "gpu", { value: { requestAdapter: () => %s } });
"""
"""What stands for the browser's WebGPU, which gives an adapter on one machine and none on another."""


@pytest.fixture
def site_with(tiny_site, tmp_path):
    """Makes copies of the tiny site with other runtimes for WebAssembly and for WebGPU, which has an adapter."""

    def make(wasm: str | None, webgpu: str, adapter: str = "Promise.resolve({})"):
        copy = tmp_path / "site"
        shutil.copytree(tiny_site, copy)
        (copy / "runtime/ort.wasm.min.mjs").rename(copy / "runtime/right.mjs")
        (copy / "runtime/ort.wasm.min.mjs").write_text(wasm or 'export * from "./right.mjs";')
        (copy / "runtime/ort.webgpu.min.mjs").write_text(webgpu)
        # What stands for WebGPU computes with the processor's binary.
        shutil.copyfile(
            copy / "runtime/ort-wasm-simd-threaded.wasm.packed",
            copy / "runtime/ort-wasm-simd-threaded.asyncify.wasm.packed",
        )
        worker = (copy / "worker.js").read_text()
        (copy / "worker.js").write_text(ADAPTER % adapter + worker)
        return copy

    return make


@pytest.mark.parametrize(
    ("query", "precision", "least"),
    [
        ("?provider=wasm&threads=1&precision=float32", "float32", 0.999),
        ("?provider=wasm&threads=2&precision=float32", "float32", 0.999),
        ("?provider=wasm&precision=int8", "int8", 0.98),
    ],
)
def test_labels_are_the_program_s(site, serve, tmp_path, query, precision, least):
    pictures = [frame_at(1), frame_at(8)]
    pictures.append(cv2.resize(pictures[0][:, 280:1000], (400, 400), interpolation=cv2.INTER_AREA))
    with chromium(tmp_path / "profile", serve(site).address + query) as tab:
        labels = [segmented(tab, picture) for picture in pictures]
    expected = [program_s_labels(picture, precision=precision) for picture in pictures]

    for found, right in zip(labels, expected, strict=True):
        assert (found == right).mean() >= least
    assert {15, 17} <= set(np.unique(np.concatenate([each.ravel() for each in labels])))


def test_labels_on_webgpu_are_the_program_s(tiny_site, serve, tmp_path):
    # A tiny network, since on a processor the shaders of the whole one take minutes where other programs are at work.
    picture = np.hstack([halves(PERSON, BACKGROUND), halves(SHEEP, DOG)])
    address = serve(tiny_site).address
    with chromium(tmp_path / "profile", f"{address}icon-192.png", SOFTWARE_GPU, until="true") as tab:
        # WebGPU on a processor is a part of most builds of Chromium.
        if not tab.run(HAS_ADAPTER):
            pytest.skip("this machine has no chromium with a software adapter for WebGPU")
        open_page(tab, f"{address}?provider=webgpu")
        labels = segmented(tab, picture)
        provider = tab.run(FIGURES)

    assert "WebGPU" in provider
    assert {BACKGROUND, DOG, PERSON, SHEEP} == set(np.unique(labels))
    assert (labels == program_s_labels(picture, file=tiny_site.parent / "tiny.onnx")).mean() >= 0.999


@pytest.mark.skipif(not TUTORIAL_PICTURE.is_file(), reason="the tutorial's picture lies beside the repository")
def test_the_tutorial_s_picture_has_the_program_s_labels(site, serve, tmp_path):
    with chromium(tmp_path / "profile", serve(site).address + "?precision=float32") as tab:
        open_file(tab, TUTORIAL_PICTURE.read_bytes(), "image/jpeg")
        frame, labels = segment(tab)

    assert labels.shape == (400, 400)
    assert (labels == program_s_labels(frame)).mean() >= 0.999
    # A browser and OpenCV read the colours of a JPEG file with other filters.
    assert (labels == program_s_labels(cv2.imread(str(TUTORIAL_PICTURE)))).mean() >= 0.99
    assert PERSON in labels and SHEEP in labels


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


RUNTIME = "runtime/ort-wasm-simd-threaded.wasm.packed"


@pytest.mark.parametrize(
    ("name", "share", "said"),
    [
        ("network/tiny.onnx", 0, "network/tiny.onnx: 404"),
        ("network/tiny.onnx", 0.5, "Can't create a session"),
        (RUNTIME, 0, f"{RUNTIME}: 404"),
        (RUNTIME, 0.5, f"{RUNTIME}: "),
    ],
)
def test_of_a_file_that_does_not_arrive_whole_the_page_says_why(tiny_site, serve, tmp_path, name, share, said):
    site = shutil.copytree(tiny_site, tmp_path / "site")
    content = (site / name).read_bytes()
    (site / name).unlink()
    if share:
        (site / name).write_bytes(content[: int(share * len(content))])
    with chromium(tmp_path / "profile", serve(site).address, until=f"{MESSAGE}.includes('No provider')") as tab:
        assert f"wasm float32: {said}" in tab.run(NOTICES)


def test_the_next_provider_is_taken_where_one_is_wrong(site_with, serve, tmp_path):
    site = site_with(WRONG, ON_THE_PROCESSOR)
    script = (site / "engine.js").read_text()
    # However busy this machine is, none is to be passed over for being slow.
    (site / "engine.js").write_text(script.replace("PATIENCE_MS = 5000", "PATIENCE_MS = 290_000"))
    with chromium(tmp_path / "profile", serve(site).address) as tab:
        assert "wasm float32: wrong scores: error 0.010" in tab.run(NOTICES)
        assert "WebGPU" in tab.run(FIGURES)
        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


@pytest.fixture
def two_forms(site_with, tmp_path):
    """Makes copies of the tiny site with a second form, which computes the scores of the first times `factor`."""

    def make(factor: float = 1.0, slow: str | None = None):
        site = site_with(None, SILENT, adapter="Promise.resolve(null)")
        model = onnx.load(site / "network/tiny.onnx")
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.dtype == np.float32:
                tensor.CopyFrom(numpy_helper.from_array(values * np.float32(factor), tensor.name))
        model.doc_string = "the second form"
        onnx.save(model, site / "network/second.onnx")
        facts = json.loads((site / "site.json").read_text())
        facts["files"].append({"file": "network/second.onnx", "precision": "int8", "tolerance": 0.1})
        (site / "site.json").write_text(json.dumps(facts))
        if slow:
            (site / "runtime/ort.wasm.min.mjs").write_text(IN_TURN % (site / f"network/{slow}.onnx").stat().st_size)
        script = (site / "engine.js").read_text()
        (site / "engine.js").write_text(script.replace("PATIENCE_MS = 5000", "PATIENCE_MS = 290_000"))
        return site

    return make


@pytest.mark.parametrize(("slow", "taken"), [("tiny", "int8"), ("second", "float32")])
def test_of_two_right_forms_the_faster_one_is_taken(two_forms, serve, tmp_path, slow, taken):
    with chromium(tmp_path / "profile", serve(two_forms(slow=slow)).address, until=CHOSEN) as tab:
        assert taken in tab.run(FIGURES)
        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


def test_a_faster_form_that_is_wrong_is_refused(two_forms, serve, tmp_path):
    with chromium(tmp_path / "profile", serve(two_forms(1.5, slow="tiny")).address, until=CHOSEN) as tab:
        assert "wasm int8: wrong scores" in tab.run(NOTICES)
        assert "float32" in tab.run(FIGURES)


def test_the_address_may_ask_for_a_form(two_forms, serve, tmp_path):
    served = serve(two_forms(slow="second"))
    with chromium(tmp_path / "profile", f"{served.address}?precision=int8", until=f"{READY} && {CHOSEN}") as tab:
        assert "int8" in tab.run(FIGURES)


def test_the_second_form_is_fetched_when_the_first_picture_is_painted(two_forms, serve, tmp_path):
    served = serve(two_forms())
    served.held.add("/network/tiny.onnx")
    listening = "document.querySelector('#samples button') !== null"
    with chromium(tmp_path / "profile", served.address, until=listening) as tab:
        open_picture(tab, halves(PERSON, 0))
        served.held.clear()
        tab.wait(READY)
        before = list(served.asked)
        segment(tab)
        tab.wait(CHOSEN)

    assert "/network/second.onnx" not in before
    assert "/network/second.onnx" in served.asked


def test_a_cut_out_picture_can_be_kept_also_after_a_faster_form_has_taken_over(two_forms, serve, tmp_path):
    served = serve(two_forms(slow="tiny"))
    served.held.add("/network/second.onnx")
    kept = tmp_path / "kept"
    kept.mkdir()
    with chromium(tmp_path / "profile", served.address) as tab:
        tab.say("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(kept))
        tab.run("style.value = 'cutout'; style.dispatchEvent(new Event('change'))")
        segmented(tab, halves(PERSON, 0))
        served.held.clear()
        tab.wait(f"{CHOSEN} && {FIGURES}.includes('int8')")
        press(tab, "snapshot")
        file = wait_for(lambda: [*kept.glob("deeplab.png")])[0]
        picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)

    assert picture[..., 3].min() == 0 and picture[..., 3].max() == 255


def test_a_provider_that_gives_no_answer_is_passed_over(site_with, serve, tmp_path):
    site = site_with(None, SILENT)
    with chromium(tmp_path / "profile", serve(site).address, until=f"{NOTICES}.includes('webgpu')") as tab:
        tab.wait(READY)

        assert "webgpu float32: no answer within 5 s" in tab.run(NOTICES)
        assert "WebAssembly" in tab.run(FIGURES)
        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


def test_a_provider_that_was_given_up_meanwhile_answers_so(page):
    refused = page.run("""(async () => {
      const { Engine } = await import(new URL("engine.js", location.href).href);
      const engine = new Engine(null);
      await engine.ready;
      engine.close();
      return engine.ask("time").catch((error) => error.message);
    })()""")

    assert refused == "closed"


def test_an_adapter_that_never_comes_is_none(site_with, serve, tmp_path):
    site = site_with(None, SILENT, adapter="new Promise(() => undefined)")
    with chromium(tmp_path / "profile", serve(site).address, until=f"{NOTICES}.includes('webgpu')") as tab:
        assert "webgpu float32: there is no adapter" in tab.run(NOTICES)


def test_webgpu_s_runtime_is_not_fetched_where_there_is_no_adapter(tiny_site, serve, tmp_path):
    served = serve(tiny_site)
    with chromium(tmp_path / "profile", served.address, until=f"{NOTICES}.includes('webgpu')") as tab:
        tab.wait(READY)

        assert "webgpu float32: there is no adapter" in tab.run(NOTICES)
    assert [path for path in served.asked if "webgpu" in path or "asyncify" in path] == []
