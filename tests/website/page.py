"""The page in headless Chromium, handled as its users do, and what the program gives for the same picture."""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.networks.network import graph_at, nearest_size, variant_graphs
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.preprocess import blob_of
from tests.chromium import Tab, browser

READY = "document.body.dataset.ready === 'yes'"
MESSAGE = "document.getElementById('message').textContent"
NOTICES = "document.getElementById('notices').textContent"
FIGURES = "document.getElementById('figures').innerText"

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
    open_file(tab, cv2.imencode(".png", picture)[1].tobytes(), "image/png")


def open_file(tab: Tab, content: bytes, kind: str) -> None:
    """Give the page a file of a MIME type, as its file button would."""
    tab.run(f"""(async () => {{
      const files = {files_with(content, kind)};
      document.getElementById("segment").hidden = true;
      const input = document.getElementById("file");
      input.files = files.files;
      input.dispatchEvent(new Event("change"));
    }})()""")
    tab.wait("!document.getElementById('segment').hidden")


def files_with(content: bytes, kind: str) -> str:
    """A JavaScript expression: a DataTransfer that holds one file."""
    return f"""((files) => {{
      const bytes = Uint8Array.from(atob("{base64.b64encode(content).decode()}"), (letter) => letter.charCodeAt(0));
      files.items.add(new File([bytes], "picture", {{ type: "{kind}" }}));
      return files;
    }})(new DataTransfer())"""


def program_s_labels(
    frame: np.ndarray, *, file: Path | None = None, size: Size | None = None, precision: str = "float32"
) -> np.ndarray:
    """What the program gives a frame: with the network in models/, and at the size it takes for files, unless named."""
    network = open_network(file or models_folder() / "deeplabv3_lite.onnx")
    graph = graph_at(network, size or nearest_size(network.card.input_sizes, Size.of(frame)))
    if precision == "int8":
        graph = next(each for each in variant_graphs(network, graph) if each.precision == "int8")
    session = onnxruntime.InferenceSession(str(graph.file), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"input": blob_of(frame, graph.input_size, network.card.input)})
    return labels_at(scores[0], Size.of(frame), align_corners=False)


def press(tab: Tab, button: str) -> None:
    """Click on a control."""
    tab.run(f"document.getElementById('{button}').click()")


def segmented(tab: Tab, picture: np.ndarray) -> np.ndarray:
    """The labels that the page gives a picture."""
    open_picture(tab, picture)
    frame, labels = segment(tab)
    assert np.array_equal(frame, picture)
    return labels


def segment(tab: Tab) -> tuple[np.ndarray, np.ndarray]:
    """Press Segment; the frame (BGR) and its labels when they are shown."""
    tab.run("document.getElementById('figures').replaceChildren()")
    press(tab, "segment")
    tab.wait(f"{FIGURES}.includes('ms')")
    return last(tab)


def pixel(tab: Tab, x: float, y: float) -> list[int]:
    """What the page shows at a place, in shares of the picture: RGB."""
    return tab.run(f"""(() => {{
      const {{ width, height }} = document.getElementById("picture");
      const context = document.getElementById("picture").getContext("2d");
      return [...context.getImageData({x} * width, {y} * height, 1, 1).data].slice(0, 3);
    }})()""")


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
