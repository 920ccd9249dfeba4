import numpy as np
import pytest

from deeplab_cv.errors import CardError
from deeplab_cv.networks.card import InputFacts, card_path, read_card, write_card
from deeplab_cv.networks.golden import golden_blob, golden_picture, read_golden
from tests.tiny_networks import SHAPES, tiny_network

GOLDEN_SUMS = [[427, 406, 456, 521], [435, 418, 459, 557], [404, 404, 402, 522], [307, 322, 494, 501]]


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


def test_a_golden_picture_is_the_same_for_ever():
    picture = golden_picture(0, (40, 70))

    assert picture.shape == (40, 70, 3)
    assert picture.dtype == np.uint8
    assert picture[::13, ::23].sum(axis=2).tolist() == GOLDEN_SUMS


def test_a_golden_tensor_is_normalised_as_the_card_says():
    picture = golden_picture(3, (16, 16)).astype(np.float32)

    blob = golden_blob(3, (16, 16), InputFacts(mean=(1, 2, 3), std=(2, 4, 8)))

    assert blob.shape == (1, 3, 16, 16)
    np.testing.assert_array_equal(blob[0, 2], (picture[..., 2] - 3) / 8)


def test_golden_scores_are_read_for_a_proven_shape_only(tmp_path):
    file = tiny_network(tmp_path)
    card = read_card(file)

    golden = read_golden(card, tmp_path, SHAPES[1])

    assert golden is not None
    assert golden.blob.shape == (1, 3, *SHAPES[1])
    assert golden.scores.shape == (21, SHAPES[1][0] // 8, SHAPES[1][1] // 8)
    assert read_golden(card, tmp_path, (32, 32)) is None


def test_golden_scores_that_cannot_be_read_are_an_error(tmp_path):
    file = tiny_network(tmp_path)
    (tmp_path / "tiny.golden.npz").write_bytes(b"no scores")

    with pytest.raises(CardError, match="golden"):
        read_golden(read_card(file), tmp_path, SHAPES[0])
