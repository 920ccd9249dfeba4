import io

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.frames.size import Size
from deeplab_cv.sources.picture_header import Header, read_header, turned

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def encoded(kind, **how):
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "PPM"])
def test_kind_and_size_are_read(kind):
    assert read_header(encoded(kind)) == Header(kind, Size(3, 2), 1)


def test_the_orientation_is_read():
    exif = Image.Exif()
    exif[0x0112] = 6

    assert read_header(encoded("PNG", exif=exif)).orientation == 6


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*nonsense"])
def test_exif_that_cannot_be_read_turns_nothing(exif):
    assert read_header(encoded("JPEG", exif=exif)) == Header("JPEG", Size(3, 2), 1)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_has_no_header(data):
    assert read_header(data) is None


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, PICTURE),
        (2, PICTURE[:, ::-1]),
        (3, np.rot90(PICTURE, 2)),
        (4, PICTURE[::-1]),
        (5, PICTURE.transpose(1, 0, 2)),
        (6, np.rot90(PICTURE, -1)),
        (7, np.rot90(PICTURE, 2).transpose(1, 0, 2)),
        (8, np.rot90(PICTURE, 1)),
        (0, PICTURE),
        (9, PICTURE),
    ],
)
def test_a_picture_is_turned_as_the_orientation_says(orientation, expected):
    assert np.array_equal(turned(PICTURE, orientation), expected)
