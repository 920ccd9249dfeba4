import os
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.errors import CardError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import InputFacts, read_card
from deeplab_cv.networks.golden import (
    golden_blob,
    golden_key,
    golden_picture,
    greatest_error,
    read_golden,
    rounded_up,
    write_golden,
)
from tests.tiny_networks import SHAPES, SIZES, tiny_network

GOLDEN_SUMS = [[427, 406, 456, 521], [435, 418, 459, 557], [404, 404, 402, 522], [307, 322, 494, 501]]


def test_a_golden_picture_is_the_same_for_ever():
    picture = golden_picture(0, Size(70, 40))

    assert picture.shape == (40, 70, 3)
    assert picture.dtype == np.uint8
    assert picture[::13, ::23].sum(axis=2).tolist() == GOLDEN_SUMS


def test_a_golden_tensor_is_normalised_as_the_card_says():
    picture = golden_picture(3, Size(16, 16)).astype(np.float32)

    blob = golden_blob(3, Size(16, 16), InputFacts(mean=(1, 2, 3), std=(2, 4, 8)))

    assert blob.shape == (1, 3, 16, 16)
    np.testing.assert_array_equal(blob[0, 2], (picture[..., 2] - 3) / 8)


def test_golden_scores_are_read_for_a_proven_size_only(tmp_path):
    file = tiny_network(tmp_path)
    card = read_card(file)

    golden = read_golden(card, tmp_path, SIZES[1])

    assert golden is not None
    assert golden.blob.shape == (1, 3, *SHAPES[1])
    assert golden.scores.shape == (21, SHAPES[1][0] // 8, SHAPES[1][1] // 8)
    assert read_golden(card, tmp_path, Size(32, 32)) is None


def test_golden_scores_that_cannot_be_read_are_an_error(tmp_path):
    file = tiny_network(tmp_path)
    (tmp_path / "tiny.golden.npz").write_bytes(b"no scores")

    with pytest.raises(CardError, match="golden"):
        read_golden(read_card(file), tmp_path, SIZES[0])


def test_written_scores_are_read_back_as_float32_for_each_input_size(tmp_path):
    card = read_card(tiny_network(tmp_path, shapes=((64, 96), (96, 64))))
    random = np.random.default_rng(1)
    scores = {
        size: random.normal(size=(21, size.height // 8, size.width // 8)).astype(np.float32)
        for size in card.input_sizes
    }

    write_golden(tmp_path / "tiny.golden.npz", scores)

    for size, expected in scores.items():
        golden = read_golden(card, tmp_path, size)
        assert golden.scores.dtype == np.float32
        np.testing.assert_allclose(golden.scores, expected, rtol=1e-3, atol=1e-6)


def test_scores_that_cannot_be_written_leave_those_before(tmp_path):
    path = tmp_path / "it.golden.npz"
    write_golden(path, {Size(8, 8): np.ones((2, 1, 1), np.float32)})
    before = path.read_bytes()

    class NoScores:
        def astype(self, dtype):
            return self

        def __array__(self, *args, **kwargs):
            raise MemoryError

    with pytest.raises(MemoryError):
        write_golden(path, {Size(8, 8): NoScores()})

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_input_size_is_named_height_first():
    assert golden_key(Size(512, 288)) == "scores_288x512"


def test_the_error_is_a_share_of_the_greatest_score_that_was_expected():
    expected = np.array([[[1.0, -8.0]]], np.float32)

    assert greatest_error(expected, expected) == 0
    assert greatest_error(np.array([[[3.0, -7.0]]], np.float32), expected) == 0.25


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.0, 0.0), (0.00121, 0.0013), (0.5, 0.5), (0.991, 1.0), (12.3, 13.0), (1234.0, 1300.0)]
)
def test_a_tolerance_is_rounded_up_to_two_digits(value, rounded):
    assert rounded_up(value) == rounded


@given(st.floats(1e-12, 1e6))
def test_what_is_rounded_up_is_never_less_and_at_most_a_tenth_more(value):
    assert value <= rounded_up(value) * (1 + 1e-9)
    assert rounded_up(value) <= value * 1.1 * (1 + 1e-9)


def _npy(shape, dtype, content):
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


_CELLS = 21 * 16 * 16
_ENTRY = f"{golden_key(SIZES[0])}.npy"


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        (_npy((10**6, 10**6, 2), "<f2", b""), "expected floats"),
        (_npy((21, 16, -16), "<f2", b""), "expected floats"),
        (_npy((20, 16, 16), "<f2", bytes(2 * _CELLS)), "expected floats"),
        (_npy((21, 129, 16), "<f2", bytes(2 * _CELLS)), "expected floats"),
        (_npy((_CELLS,), "<f2", bytes(2 * _CELLS)), "expected floats"),
        (_npy((21, 16, 16), "|O", bytes(8 * _CELLS)), "expected floats"),
        (_npy((21, 16, 16), "<i4", bytes(4 * _CELLS)), "expected floats"),
        (_npy((21, 16, 16), "<f2", bytes(100)), "cut off"),
        (_npy((21, 16, 16), "<f2", bytes(2 * _CELLS + 1)), "longer"),
        (_npy((21, 16, 16), "<f2", np.full(_CELLS, np.nan, "<f2").tobytes()), "no number"),
        (_npy((21, 16, 16), "<f2", np.full(_CELLS, np.inf, "<f2").tobytes()), "no number"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + b" " * 1000, "header"),
        (b"\x93NUMPY\x07\x00" + b" " * 1000, "version"),
        (b"", "magic"),
    ],
)
def test_golden_scores_of_another_form_are_refused_before_they_are_unpacked(tmp_path, entry, part):
    card = read_card(tiny_network(tmp_path))
    with zipfile.ZipFile(tmp_path / "tiny.golden.npz", "w", zipfile.ZIP_DEFLATED) as entries:
        entries.writestr(_ENTRY, entry)

    with pytest.raises(CardError, match=part) as error:
        read_golden(card, tmp_path, SIZES[0])

    assert "\n" not in str(error.value)


def test_golden_scores_packed_in_an_unusual_way_are_refused(tmp_path):
    card = read_card(tiny_network(tmp_path))
    with zipfile.ZipFile(tmp_path / "tiny.golden.npz", "w", zipfile.ZIP_LZMA) as entries:
        entries.writestr(_ENTRY, _npy((21, 16, 16), "<f2", bytes(2 * _CELLS)))

    with pytest.raises(CardError, match="unusual"):
        read_golden(card, tmp_path, SIZES[0])


@pytest.fixture(scope="module")
def proven(tmp_path_factory):
    """A network with golden scores of one shape."""
    return tiny_network(tmp_path_factory.mktemp("proven"), shapes=SHAPES[:1])


@given(data=st.data())
def test_damaged_golden_scores_are_read_or_refused_in_one_line(proven, tmp_path_factory, data):
    card, folder = read_card(proven), tmp_path_factory.mktemp("damaged")
    file = folder / "tiny.golden.npz"
    content = bytearray(proven.with_name("tiny.golden.npz").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    damage = data.draw(st.binary(max_size=40))
    content[at : at + data.draw(st.integers(0, 40))] = damage
    file.write_bytes(content)

    try:
        golden = read_golden(card, folder, SIZES[0])
    except CardError as error:
        assert "\n" not in str(error)
    else:
        assert golden is None or golden.scores.shape == (21, 16, 16)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_golden_scores_in_a_pipe_are_refused_without_waiting(tmp_path):
    card = read_card(tiny_network(tmp_path))
    file = tmp_path / "tiny.golden.npz"
    file.unlink()
    os.mkfifo(file)

    with pytest.raises(CardError, match="no ordinary file"):
        read_golden(card, tmp_path, SIZES[0])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_infinitely_wrong(wrong):
    expected = np.ones((2, 1, 1), np.float32)
    scores = np.array([1, wrong], np.float32).reshape(2, 1, 1)

    assert greatest_error(scores, expected) == np.inf
    assert greatest_error(expected, scores) == np.inf
