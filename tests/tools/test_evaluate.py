import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import read_card
from tests.sources.clips import write_scenes
from tests.tiny_networks import DOG, PERSON, tiny_network
from tests.tools.data.datasets import png_bytes

RED, GREEN = (0, 0, 255), (0, 255, 0)


def dataset(folder: Path) -> Path:
    """Three pictures: a red box rightly called a person, a green one called a dog, a red one wrongly called a dog."""
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / part).mkdir(parents=True)
    cases = {"person": (RED, PERSON, (96, 128)), "dog": (GREEN, DOG, (80, 144)), "lie": (RED, DOG, (96, 128))}
    for name, (colour, label, shape) in cases.items():
        picture, mask = np.full((*shape, 3), 120, np.uint8), np.zeros(shape, np.uint8)
        picture[16:64, 32:96], mask[16:64, 32:96] = colour, label
        cv2.imwrite(str(folder / "JPEGImages" / f"{name}.png"), picture)
        (folder / "SegmentationClass" / f"{name}.png").write_bytes(png_bytes(mask))
    (folder / "ImageSets/Segmentation/val.txt").write_text("person\ndog\n", encoding="utf-8")
    (folder / "ImageSets/Segmentation/all.txt").write_text("person\nlie\ndog\n", encoding="utf-8")
    (folder / "ImageSets/Segmentation/empty.txt").write_text("", encoding="utf-8")
    return folder


def measured(tmp_path: Path, *words: str, backend: str = "onnxruntime:cpu") -> dict:
    report = tmp_path / "figures.json"
    arguments = ["evaluate", str(tmp_path / "tiny.onnx"), "--backend", backend, "--json", str(report), *words]
    assert main(arguments) == 0
    return json.loads(report.read_text(encoding="utf-8"))


@pytest.mark.parametrize("backend", ["onnxruntime:cpu", "openvino:cpu", "opencv:cpu"])
def test_what_the_network_sees_rightly_counts_as_right_on_every_engine(tmp_path: Path, backend: str) -> None:
    tiny_network(tmp_path)
    figures = measured(tmp_path, "--data", str(dataset(tmp_path / "data")), backend=backend)["pictures"]
    assert figures["engines"] == [f"{backend}:float32"]
    assert figures["pixel_accuracy"] > 0.95
    assert min(figures["iou"][name] for name in ("background", "person", "dog")) > 0.85
    assert figures["iou"]["sheep"] is None and 0 < figures["boundary"]["dog"] <= 1
    assert figures["miou"] == pytest.approx(np.mean([value for value in figures["iou"].values() if value is not None]))


def test_the_confusion_says_what_was_taken_for_what(tmp_path: Path) -> None:
    tiny_network(tmp_path)
    figures = measured(tmp_path, "--data", str(dataset(tmp_path / "data")), "--lists", "all")["pictures"]
    counts = np.array(figures["confusion"])
    assert counts.sum() == 2 * 96 * 128 + 80 * 144
    assert counts[DOG, PERSON] > 0.9 * 48 * 64
    assert min(figures["picture_miou"], key=lambda name: figures["picture_miou"][name]) == "lie"


def test_pictures_of_each_aspect_are_told_apart_also_when_squeezed_into_one_shape(tmp_path: Path) -> None:
    tiny_network(tmp_path)
    data = str(dataset(tmp_path / "data"))
    own = measured(tmp_path, "--data", data, "--lists", "all")["pictures"]
    square = measured(tmp_path, "--data", data, "--lists", "all", "--shape", "128x128")["pictures"]
    assert {name: group["pictures"] for name, group in own["groups"].items()} == {"128x96": 2, "144x80": 1}
    assert square["groups"].keys() == own["groups"].keys()
    assert (own["shape"], square["shape"]) == (None, [128, 128])


def test_plot_and_page_are_whole_files_and_the_page_holds_its_pictures(tmp_path: Path) -> None:
    tiny_network(tmp_path)
    plot, page = tmp_path / "figures.png", tmp_path / "worst.html"
    words = ["--lists", "all", "--worst", "1", "--plot", str(plot), "--html", str(page)]
    pytest.importorskip("matplotlib", reason="the plot needs matplotlib (requirements-train.txt)")
    measured(tmp_path, "--data", str(dataset(tmp_path / "data")), *words)
    text = page.read_text(encoding="utf-8")
    assert cv2.imread(str(plot)) is not None
    assert "lie: mean IoU" in text and "dog taken for person" in text and "<figcaption>person" not in text
    assert text.count("data:image/jpeg;base64,") == 4 and "http" not in text


def test_the_figures_go_on_the_card_and_replace_those_of_the_same_data(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    data = dataset(tmp_path / "data")
    for name in ("boxes", "boxes", "other boxes"):
        measured(tmp_path, "--data", str(data), "--write-card", name)
    boxes, others = read_card(file).accuracy
    assert (boxes.data, others.data) == ("boxes", "other boxes")
    assert boxes.how == "2 pictures, each at the shape nearest to its aspect, onnxruntime:cpu:float32"
    assert boxes.miou > 0.9 and set(boxes.iou) == {"background", "person", "dog"}


def test_a_video_tells_flips_with_and_without_smoothing(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    clip = write_scenes(tmp_path / "clip.mp4", count=8, size=Size(144, 80))
    figures = measured(tmp_path, "--video", str(clip), "--smooth", "0.8", "--write-card", "")["video"]
    assert (figures["frames"], figures["smooth"]) == (8, 0.8)
    assert 0 <= figures["plain"]["flips"] < 0.1 and figures["plain"]["followed"] > 0.5
    assert read_card(file).flicker == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to measure on"),
        (["--data", "nowhere"], "no data set found: nowhere"),
        (["--data", "data", "--lists", "none"], "list 'none' is missing"),
        (["--data", "data", "--lists", "empty"], "list 'empty' is empty: data"),
        (["--data", "data", "--shape", "100x100"], "has not been proven at this shape: 100x100; it has 128x128, "),
        (["--data", "data", "--shape", "large"], "expected WIDTHxHEIGHT: --shape large"),
        (["--data", "data", "--worst", "0"], "a value must be above 0: --worst 0"),
        (["--data", "data", "--backend", "nonsense"], "unknown backend: nonsense"),
        (["--data", "data", "--html", "no/such/page.html"], "no such folder to write in: no/such"),
        (["--data", "data", "--json", "tiny.onnx"], "the output is the input itself: tiny.onnx"),
        (["--video", "none.mp4"], "none.mp4"),
        (["--video", "none.mp4", "--html", "page.html"], "--plot and --html show pictures with masks"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_network(tmp_path)
    dataset(tmp_path / "data")
    assert main(["evaluate", "tiny.onnx", *words]) != 0
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def damaged(data: Path, name: str, content: bytes | None) -> Path:
    path = data / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "SegmentationClass/dog.png",
            png_bytes(np.full((80, 144), 21, np.uint8)),
            "label 21, the class list ends at 20",
        ),
        ("SegmentationClass/dog.png", None, "mask of 'dog' is missing"),
        ("SegmentationClass/dog.png", png_bytes(np.zeros((80, 80), np.uint8)), "picture is 144x80, its mask 80x80"),
        ("JPEGImages/dog.png", b"no picture", "cannot decode a picture"),
    ],
)
def test_a_wrong_picture_or_mask_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, message: str
) -> None:
    file, data, report = tiny_network(tmp_path), dataset(tmp_path / "data"), tmp_path / "figures.json"
    path = damaged(data, name, content)
    card = file.with_suffix(".card.yaml").read_bytes()
    words = ["--backend", "onnxruntime:cpu", "--json", str(report), "--write-card", "boxes"]
    assert main(["evaluate", str(file), "--data", str(data), *words]) == 1
    error = capsys.readouterr().err
    assert message in error and str(path) in error and error.count("\n") == 1
    assert not report.exists() and file.with_suffix(".card.yaml").read_bytes() == card


def test_measuring_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "import deeplab_cv.tools.evaluate, deeplab_cv.tools.evaluating.report, deeplab_cv.tools.evaluating.page\n"
        "import deeplab_cv.tools.data.layouts\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
