import sys
from pathlib import Path

import pytest

from deeplab_cv.cli import main
from deeplab_cv.commands.repair import QUESTIONS
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import read_card, write_card
from tests.tiny_networks import tiny_network, tiny_onnx

SHAPE = (96, 128)
FLAGS = ["--classes", "voc", "--mean", "127.5,127.5,127.5", "--std", "127.5,127.5,127.5", "--order", "rgb"]


@pytest.mark.parametrize("content", [b"", b"no network at all", None], ids=["empty", "text", "3 GB of nothing"])
def test_what_is_no_network_is_one_line_and_nothing_is_written(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.onnx"
    with file.open("wb") as stream:
        if content is None:
            stream.truncate(3 * 2**30)
        else:
            stream.write(content)

    code = main(["repair", str(file), *FLAGS])

    assert code == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.onnx"]


def test_what_the_file_does_not_say_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", str(tiny_onnx(tmp_path, shape=SHAPE))]) == 2
    assert "the file does not say its classes: --classes" in capsys.readouterr().err


def test_what_a_card_says_is_not_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path)
    card = read_card(file)
    facts = card.input.model_copy(update={"order": "bgr", "mean": (1.0, 2.0, 3.0), "std": (4.0, 5.0, 6.0)})
    names = ("nothing", *(f"class {number}" for number in range(1, 21)))
    aligned = card.output.model_copy(update={"align_corners": True})
    write_card(card.model_copy(update={"input": facts, "classes": names, "output": aligned}), file)

    assert main(["repair", str(file)]) == 0

    repaired = read_card(tmp_path / "tiny-repaired.onnx")
    assert (repaired.input, repaired.classes, repaired.output) == (facts, names, aligned)
    assert repaired.input_sizes == card.input_sizes[:1]
    assert capsys.readouterr().out.startswith("from its card: classes, mean, std, order, size 128x128\n")


def test_a_flag_goes_before_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path)

    assert main(["repair", str(file), "--order", "bgr", "--mean", "7,8,9", "--size", "144x80"]) == 0

    card = read_card(tmp_path / "tiny-repaired.onnx")
    assert (card.input.order, card.input.mean, card.input.padding) == ("bgr", (7, 8, 9), (7, 8, 9))
    assert (card.input.std, card.input_sizes) == (None, (Size(144, 80),))
    assert capsys.readouterr().out.startswith("from its card: classes, std\n")


def test_the_card_of_another_file_is_left_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_network(tmp_path)
    tiny_onnx(tmp_path, shape=SHAPE)

    assert main(["repair", str(file)]) == 2
    assert "the file does not say its classes: --classes" in capsys.readouterr().err
    assert main(["repair", str(file), *FLAGS]) == 0


def test_another_size_than_the_network_has_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE)

    assert main(["repair", str(file), *FLAGS, "--size", "64x64"]) == 2
    assert capsys.readouterr().err == f"error: the network's input is fixed to 128x96: {file}; leave out --size\n"


def flags_with(name: str, value: str) -> list[str]:
    """FLAGS with another value of one."""
    words = list(FLAGS)
    words[words.index(name) + 1] = value
    return words


def test_what_was_mended_and_how_little_changed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE, resized_pooling=True)

    assert main(["repair", str(file), *FLAGS]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("mended: image pooling resized from one pixel (")
    assert lines[1] == f"{tmp_path / 'tiny-repaired.onnx'}: 21 classes, 128x96, scores for 8 pixels"
    assert lines[2].startswith("scores against the file as it came, in ONNX Runtime: ")


def test_a_place_that_cannot_be_written_to_is_named_and_not_the_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE)
    (tmp_path / "text").write_text("no folder", encoding="utf-8")

    assert main(["repair", str(file), "--out", str(tmp_path / "text" / "mended.onnx"), *FLAGS]) == 1

    said = capsys.readouterr().err
    assert "error: cannot write" in said
    assert "mended.onnx" in said
    assert said.count("\n") == 1


def test_a_network_without_a_fault_gets_its_card_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", str(tiny_onnx(tmp_path, shape=SHAPE)), *FLAGS]) == 0

    assert capsys.readouterr().out.startswith("nothing to mend\n")
    assert read_card(tmp_path / "tiny-repaired.onnx").shapes == (SHAPE,)


def test_an_open_size_is_stated_by_its_flag(tmp_path: Path) -> None:
    assert main(["repair", str(tiny_onnx(tmp_path)), "--size", "128x96", *FLAGS]) == 0

    assert read_card(tmp_path / "tiny-repaired.onnx").shapes == (SHAPE,)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (flags_with("--mean", "1,2"), "wrong value '1,2': --mean"),
        (flags_with("--std", "one,two,three"), "wrong value 'one,two,three': --std"),
        (flags_with("--order", "rbg"), "wrong value 'rbg': --order"),
        (flags_with("--classes", "gone.txt"), "cannot read the class names: gone.txt"),
        ([*FLAGS, "--size", "large"], "expected WIDTHxHEIGHT: --size large"),
        ([*FLAGS, "--out", "mended.pt"], "the file's name does not end in .onnx: mended.pt"),
        ([*FLAGS, "--out", "tiny.onnx"], "the file exists: tiny.onnx"),
    ],
)
def test_wrong_use_is_one_line_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_onnx(tmp_path, shape=SHAPE)

    assert main(["repair", "tiny.onnx", *words]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}; ")
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.onnx"]


def test_who_sits_at_a_terminal_is_asked_for_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = dict(zip(QUESTIONS.values(), ("voc", "1,2,3", " 4 5 6 ", "bgr"), strict=True))
    asked = []

    def answer(prompt: str) -> str:
        asked.append(prompt.removesuffix(": "))
        return answers[asked[-1]]

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", answer)

    assert main(["repair", str(tiny_onnx(tmp_path, shape=SHAPE)), "--mean", "127.5,127.5,127.5"]) == 0

    card = read_card(tmp_path / "tiny-repaired.onnx")
    assert asked == [question for name, question in QUESTIONS.items() if name != "mean"]
    assert card.input.order == "bgr"
