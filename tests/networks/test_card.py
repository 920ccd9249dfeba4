import pytest

from deeplab_cv.errors import CardError
from deeplab_cv.networks.card import card_path, read_card, write_card
from tests.tiny_networks import tiny_network


def test_a_written_card_is_read_back_unchanged(tmp_path):
    file = tiny_network(tmp_path)
    card = read_card(file)

    write_card(card, file)

    assert read_card(file) == card


def test_a_network_changed_by_one_byte_is_refused(tmp_path):
    file = tiny_network(tmp_path)
    file.write_bytes(file.read_bytes() + b"x")

    with pytest.raises(CardError, match="not the one its card describes"):
        read_card(file)


def test_a_card_of_another_file_is_refused(tmp_path):
    tiny_network(tmp_path, "one")
    other = tiny_network(tmp_path, "two")
    card_path(other).write_text(card_path(tmp_path / "one.onnx").read_text())

    with pytest.raises(CardError, match=r"card of one\.onnx"):
        read_card(other)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda text: text + "colour: red\n", "colour"),
        (lambda text: text.replace("stride: 8", "stride: eight"), "stride"),
        (lambda text: text.replace("sha256:", "sha:"), "sha256"),
        (lambda text: text[: len(text) // 2] + "\n[", "YAML"),
        (lambda text: "", "whole file"),
    ],
)
def test_a_wrong_card_is_one_line_that_names_file_and_key(tmp_path, change, part):
    file = tiny_network(tmp_path)
    path = card_path(file)
    path.write_text(change(path.read_text()))

    with pytest.raises(CardError) as error:
        read_card(file)

    assert part in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
