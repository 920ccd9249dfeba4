import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.segmentation.preprocess import blob_of, filled_area


def picture(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_folded_network_gets_plain_rgb():
    image = picture(48, 32)

    blob = blob_of(image, Size(48, 32), InputFacts())

    assert blob.dtype == np.float32
    np.testing.assert_array_equal(blob[0], image[..., ::-1].transpose(2, 0, 1))


def test_a_bgr_network_gets_the_channels_as_they_are():
    image = picture(48, 32)

    np.testing.assert_array_equal(blob_of(image, Size(48, 32), InputFacts(order="bgr"))[0], image.transpose(2, 0, 1))


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_mean_and_std_are_those_of_their_own_channel(order):
    image = picture(16, 16)
    facts = InputFacts(order=order, mean=(10, 20, 30), std=(2, 4, 8))

    blob = blob_of(image, Size(16, 16), facts)

    channels = image[..., ::-1] if order == "rgb" else image
    expected = (channels.astype(np.float32) - (10, 20, 30)) / (2, 4, 8)
    np.testing.assert_allclose(blob[0], expected.transpose(2, 0, 1), atol=1e-4)


def test_a_picture_is_stretched_to_the_shape():
    image = picture(64, 20)

    blob = blob_of(image, Size(48, 32), InputFacts())

    np.testing.assert_array_equal(blob[0], cv2.resize(image, (48, 32))[..., ::-1].transpose(2, 0, 1))


def test_a_tensor_that_is_given_is_written_over_and_holds_the_same_bits():
    facts = InputFacts(mean=(10, 20, 30), std=(2, 4, 8), fit="letterbox")
    used = np.full((1, 3, 64, 64), np.nan, np.float32)

    blob = blob_of(picture(64, 16), Size(64, 64), facts, used)

    assert np.shares_memory(blob, used)
    np.testing.assert_array_equal(blob, blob_of(picture(64, 16), Size(64, 64), facts))


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("mean", [None, (10.0, 20.0, 30.0)])
def test_a_letterbox_is_padded_with_the_mean(order, mean):
    facts = InputFacts(order=order, mean=mean, padding=(10.0, 20.0, 30.0), fit="letterbox")

    blob = blob_of(picture(64, 16), Size(64, 64), facts)

    expected = (0, 0, 0) if mean else (10, 20, 30)
    assert blob[0, :, 0, 0].tolist() == pytest.approx(expected)
    assert blob[0, :, -1, -1].tolist() == pytest.approx(expected)


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["stretch", "letterbox"]))
def test_the_filled_area_is_where_the_frame_lies(width, height, fit):
    facts = InputFacts(padding=(0, 0, 0), fit=fit)
    white = np.full((height, width, 3), 255, np.uint8)

    blob = blob_of(white, Size(64, 48), facts)
    area = filled_area(Size(width, height), Size(64, 48), facts)

    rows, columns = np.nonzero(blob[0, 0])
    assert (rows.min(), columns.min()) == (round(area.top * 48), round(area.left * 64))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (round(area.height * 48), round(area.width * 64))
