from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.networks.card import read_card
from tests.tiny_networks import DOG, tiny_network, tiny_onnx
from tests.tools.data.datasets import png_bytes, write_boxes, write_walk


def evaluate(file: Path, *words: object) -> int:
    """Run the command on one engine; its exit code."""
    return main(["evaluate", str(file), "--backend", "onnxruntime:cpu", *map(str, words)])


def test_plot_and_page_are_whole_files_and_the_page_holds_its_pictures(tmp_path: Path) -> None:
    plot, page = tmp_path / "figures.png", tmp_path / "worst.html"
    words = ["--lists", "all", "--worst", "1", "--plot", plot, "--html", page]
    pytest.importorskip("matplotlib", reason="the plot needs matplotlib (requirements-train.txt)")
    data = write_boxes(tmp_path / "data")

    assert evaluate(tiny_network(tmp_path), "--data", data, *words) == 0

    text = page.read_text(encoding="utf-8")
    assert cv2.imread(str(plot)) is not None
    assert "lie: mean IoU" in text and "dog taken for person" in text and "<figcaption>person" not in text
    assert text.count("data:image/jpeg;base64,") == 4 and "http" not in text


def test_the_figures_go_on_the_card_and_replace_those_of_the_same_data(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    data = write_boxes(tmp_path / "data")
    for name in ("boxes", "boxes", "other boxes"):
        assert evaluate(file, "--data", data, "--write-card", name) == 0
    boxes, others = read_card(file).accuracy
    assert (boxes.data, others.data) == ("boxes", "other boxes")
    assert boxes.how == "2 pictures, each at the shape nearest to its aspect, onnxruntime:cpu:float32"
    assert boxes.miou > 0.9 and set(boxes.iou) == {"background", "person", "dog"}


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
        (["--data", "data", "--only", "unicorn"], "the network has no such class: --only unicorn; it has "),
        (["--video", "none.mp4", "--only", "dog"], "--only is for pictures with masks"),
        (["--video", "none.mp4", "--sequences"], "--sequences measures the frames of videos in DIR"),
        (["--data", "data", "--sequences", "--only", "dog"], "leave out --only"),
        (["--data", "data", "--sequences"], "'person' is one frame and no sequence"),
        (["--data", "data", "--sequences", "--carry", "0"], "carry"),
        (["--video", "none.mp4"], "none.mp4"),
        (["--video", "none.mp4", "--html", "page.html"], "--plot and --html show pictures with masks"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_network(tmp_path)
    write_boxes(tmp_path / "data")
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
    file, data, report = tiny_network(tmp_path), write_boxes(tmp_path / "data"), tmp_path / "figures.json"
    path = damaged(data, name, content)
    card = file.with_suffix(".card.yaml").read_bytes()
    words = ["--backend", "onnxruntime:cpu", "--json", str(report), "--write-card", "boxes"]
    assert main(["evaluate", str(file), "--data", str(data), *words]) == 1
    error = capsys.readouterr().err
    assert message in error and str(path) in error and error.count("\n") == 1
    assert not report.exists() and file.with_suffix(".card.yaml").read_bytes() == card


def test_what_was_measured_is_printed_class_by_class_and_aspect_by_aspect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tiny_network(tmp_path), "--data", write_boxes(tmp_path / "data")) == 0

    printed = capsys.readouterr().out
    assert "tiny on onnxruntime:cpu:float32, 2 pictures, each at the shape nearest to its aspect" in printed
    assert all(name in printed for name in ("background", "person", "dog", "128x96", "144x80"))
    assert "sheep" not in printed


def test_figures_go_on_no_card_of_a_network_that_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_onnx(tmp_path, shape=(96, 128))

    assert evaluate(file, "--data", write_boxes(tmp_path / "data"), "--write-card", "boxes") == 2

    assert "the network has no card" in capsys.readouterr().err
    assert not file.with_suffix(".card.yaml").exists()


def test_people_alone_are_counted_where_nothing_else_is_cut_out(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)

    assert evaluate(file, "--data", write_boxes(tmp_path / "data"), "--only", "person", "--write-card", "boxes") == 0

    [boxes] = read_card(file).accuracy
    assert set(boxes.iou) == {"background", "person"}
    assert boxes.how.startswith("2 pictures, person against the rest, each at")


def test_sequences_are_measured_with_and_without_smoothing_and_go_on_the_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, data = tiny_network(tmp_path), write_walk(tmp_path / "data", labels=[DOG] * 4)
    words = ["--lists", "walk", "--sequences", "--smooth", "0.5", "--carry", "2", "--write-card", "walks"]

    assert evaluate(file, "--data", data, *words) == 0

    assert "each object against the rest, one frame in 2 inferred" in capsys.readouterr().out
    sequences = read_card(file).sequences
    assert [(each.data, each.smooth) for each in sequences] == [("walks, box", 0.0), ("walks, box", 0.5)]
    assert sequences[0].iou["dog"] > 0.7
