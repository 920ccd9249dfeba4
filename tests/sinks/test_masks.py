import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from deeplab_cv.classes import VOC_CLASSES, voc_palette
from deeplab_cv.errors import SinkError
from deeplab_cv.sinks.masks import MaskSink, encode_mask
from deeplab_cv.sinks.sink import Written
from tests.sinks.clips import painted

PICTURE = np.zeros((30, 40, 3), np.uint8)


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=50), elements=st.integers(0, 255)))
@settings(deadline=None)
def test_a_mask_read_back_holds_the_labels_one_byte_a_pixel(labels):
    mask = Image.open(io.BytesIO(encode_mask(labels)))

    assert mask.mode == "P"
    assert np.array_equal(np.asarray(mask), labels)


def test_a_mask_is_shown_in_the_colours_of_voc():
    labels = np.arange(21, dtype=np.uint8)[None]

    mask = Image.open(io.BytesIO(encode_mask(labels))).convert("RGB")

    assert [mask.getpixel((label, 0)) for label in range(21)] == voc_palette()[:21]
    assert mask.getpixel((VOC_CLASSES.index("person"), 0)) == (192, 128, 128)


def test_a_mask_has_eight_bits_even_where_few_labels_occur():
    data = encode_mask(np.zeros((4, 4), np.uint8))

    bit_depth, colour_type = data[24], data[25]
    assert (bit_depth, colour_type) == (8, 3)


def test_each_frame_of_a_video_gets_a_numbered_mask_at_its_own_size(tmp_path):
    sink = MaskSink(tmp_path / "masks", 3)
    for index in range(3):
        labels = np.full((30, 40), index, np.uint8)
        sink.write(painted(np.zeros((30, 80, 3), np.uint8), index, labels=labels))

    assert sink.finish() == Written(tmp_path / "masks", 3)
    files = sorted((tmp_path / "masks").iterdir())
    assert [file.name for file in files] == ["000000.png", "000001.png", "000002.png"]
    assert [np.unique(Image.open(file)).tolist() for file in files] == [[0], [1], [2]]
    assert Image.open(files[0]).size == (40, 30)


def test_a_picture_gives_its_mask_its_name(tmp_path):
    sink = MaskSink(tmp_path / "masks", 1)

    sink.write(painted(PICTURE, name="/photos/Hündin.jpg"))

    assert [file.name for file in (tmp_path / "masks").iterdir()] == ["Hündin.png"]


def test_masks_of_a_stopped_job_stay(tmp_path):
    sink = MaskSink(tmp_path / "masks", 9)
    sink.write(painted(PICTURE))

    assert sink.abandon() == Written(tmp_path / "masks", 1, whole=False)
    assert len(list((tmp_path / "masks").iterdir())) == 1


def test_a_full_disk_leaves_whole_masks_only(small_disk):
    sink = MaskSink(small_disk / "masks", None)
    noise = np.random.default_rng(0)

    with pytest.raises(SinkError, match="the disk is full"):
        for index in range(50):
            sink.write(painted(PICTURE, index, labels=noise.integers(0, 21, (200, 200), dtype=np.uint8)))

    for file in (small_disk / "masks").iterdir():
        assert np.asarray(Image.open(file)).shape == (200, 200)
