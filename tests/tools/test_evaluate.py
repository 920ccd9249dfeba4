import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.cli import main
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import read_card
from tests.sources.clips import write_scenes
from tests.tiny_networks import DOG, PERSON, tiny_network
from tests.tools.data.datasets import png_bytes, write_boxes


def measured(tmp_path: Path, *words: str, backend: str = "onnxruntime:cpu") -> dict:
    report = tmp_path / "figures.json"
    arguments = ["evaluate", str(tmp_path / "tiny.onnx"), "--backend", backend, "--json", str(report), *words]
    assert main(arguments) == 0
    return json.loads(report.read_text(encoding="utf-8"))


@pytest.mark.parametrize("backend", ["onnxruntime:cpu", "openvino:cpu", "opencv:cpu"])
def test_what_the_network_sees_rightly_counts_as_right_on_every_engine(tmp_path: Path, backend: str) -> None:
    tiny_network(tmp_path)
    figures = measured(tmp_path, "--data", str(write_boxes(tmp_path / "data")), backend=backend)["pictures"]
    assert figures["engines"] == [f"{backend}:float32"]
    assert figures["pixel_accuracy"] > 0.95
    assert min(figures["iou"][name] for name in ("background", "person", "dog")) > 0.85
    assert figures["iou"]["sheep"] is None and 0 < figures["boundary"]["dog"] <= 1
    assert figures["miou"] == pytest.approx(np.mean([value for value in figures["iou"].values() if value is not None]))


def test_the_confusion_says_what_was_taken_for_what(tmp_path: Path) -> None:
    tiny_network(tmp_path)
    figures = measured(tmp_path, "--data", str(write_boxes(tmp_path / "data")), "--lists", "all")["pictures"]
    counts = np.array(figures["confusion"])
    assert counts.sum() == 2 * 96 * 128 + 80 * 144
    assert counts[DOG, PERSON] > 0.9 * 48 * 64
    assert min(figures["picture_miou"], key=lambda name: figures["picture_miou"][name]) == "lie"


def test_pictures_of_each_aspect_are_told_apart_also_when_squeezed_into_one_shape(tmp_path: Path) -> None:
    tiny_network(tmp_path)
    data = str(write_boxes(tmp_path / "data"))
    own = measured(tmp_path, "--data", data, "--lists", "all")["pictures"]
    square = measured(tmp_path, "--data", data, "--lists", "all", "--shape", "128x128")["pictures"]
    assert {name: group["pictures"] for name, group in own["groups"].items()} == {"128x96": 2, "144x80": 1}
    assert square["groups"].keys() == own["groups"].keys()
    assert (own["shape"], square["shape"]) == (None, [128, 128])


def test_a_video_tells_flips_with_and_without_smoothing(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    clip = write_scenes(tmp_path / "clip.mp4", count=8, size=Size(144, 80))
    figures = measured(tmp_path, "--video", str(clip), "--smooth", "0.8", "--write-card", "")["video"]
    assert (figures["frames"], figures["smooth"]) == (8, 0.8)
    assert 0 <= figures["plain"]["flips"] < 0.1 and figures["plain"]["followed"] > 0.5
    assert read_card(file).flicker == ()


def test_measuring_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "import deeplab_cv.tools.evaluate, deeplab_cv.tools.evaluating.figures, deeplab_cv.tools.evaluating.page\n"
        "import deeplab_cv.tools.data.layouts\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("label", [0, DOG])
def test_masks_of_one_class_have_no_boundary_and_their_figures_are_json(tmp_path: Path, label: int) -> None:
    tiny_network(tmp_path)
    data = write_boxes(tmp_path / "data")
    for mask in (data / "SegmentationClass").iterdir():
        with Image.open(mask) as image:
            size = (image.height, image.width)
        mask.write_bytes(png_bytes(np.full(size, label, np.uint8)))

    figures = measured(tmp_path, "--data", str(data))["pictures"]

    assert figures["boundary_f"] is None
    assert "NaN" not in (tmp_path / "figures.json").read_text(encoding="utf-8")
