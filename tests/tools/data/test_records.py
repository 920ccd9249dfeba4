from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.errors import DataError
from deeplab_cv.frames.size import Size
from deeplab_cv.tools.data.layouts import voc_records
from deeplab_cv.tools.data.records import FileSlice, Record, picture_sizes, read_mask, read_pair, read_rgb
from tests.tools.data.datasets import png_bytes, webp_bytes, write_shard, write_voc

STORED = np.zeros((40, 60, 3), np.uint8)
STORED[:20, :30] = 255, 0, 0


def photo(kind: str, orientation: int) -> bytes:
    """A stored picture whose upper left quarter is red, with EXIF's word how it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    target = BytesIO()
    Image.fromarray(STORED).save(target, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    return target.getvalue()


def record_of(folder: Path, picture: bytes, mask: np.ndarray) -> Record:
    (folder / "picture").write_bytes(picture)
    (folder / "mask.png").write_bytes(png_bytes(mask))
    return Record("p", FileSlice(folder / "picture"), FileSlice(folder / "mask.png"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_mask_drawn_on_the_picture_as_shown_fits_a_turned_photo(tmp_path: Path, kind: str) -> None:
    mask = np.zeros((60, 40), np.uint8)
    mask[:30, 20:] = 1

    picture, labels = read_pair(record_of(tmp_path, photo(kind, 6), mask), 2)

    assert picture.shape == (60, 40, 3)
    assert np.array_equal(picture[..., 0] > 127, labels == 1)


@pytest.mark.parametrize(("orientation", "shown"), [(1, Size(60, 40)), (3, Size(60, 40)), (8, Size(40, 60))])
def test_the_header_tells_how_large_a_picture_is_as_shown_and_as_stored(tmp_path, orientation, shown) -> None:
    record = record_of(tmp_path, photo("JPEG", orientation), np.zeros((1, 1), np.uint8))

    assert picture_sizes(record.picture) == (shown, Size(60, 40))
    assert Size.of(read_rgb(record)) == shown


def test_a_photo_in_a_shard_is_turned_as_well(tmp_path: Path) -> None:
    write_shard(tmp_path / "train-00.tar", {"a.webp": webp_bytes(STORED), "b.jpg": photo("JPEG", 6)})
    size = len(photo("JPEG", 6))
    offset = (tmp_path / "train-00.tar").read_bytes().index(photo("JPEG", 6))

    assert picture_sizes(FileSlice(tmp_path / "train-00.tar", offset=offset, size=size))[0] == Size(40, 60)


def test_a_mask_of_the_stored_picture_is_refused(tmp_path: Path) -> None:
    record = record_of(tmp_path, photo("JPEG", 6), np.zeros((40, 60), np.uint8))

    with pytest.raises(DataError, match="the picture is 40x60 once it is turned by its EXIF, its mask 60x40") as error:
        read_pair(record, 2)

    assert "\n" not in str(error.value)


def test_a_picture_that_cannot_be_decoded_is_named_with_the_reason(tmp_path: Path) -> None:
    record = record_of(tmp_path, photo("JPEG", 1)[:300], np.zeros((40, 60), np.uint8))

    with pytest.raises(DataError, match=r"cannot decode a picture: .*picture \(.*damaged"):
        read_rgb(record)


@pytest.mark.parametrize(
    ("mode", "form", "said"),
    [
        ("RGB", "PNG", "mask has colours"),
        ("RGBA", "PNG", "mask has colours"),
        ("LA", "PNG", "mask has transparency"),
        ("I;16", "PNG", "mask has 16 bits"),
        ("I", "TIFF", "mask has 32 bits"),
        ("L", "JPEG", "mask is a JPEG, which blurs labels"),
    ],
)
def test_what_is_no_mask_is_said_in_its_own_words(tmp_path: Path, mode: str, form: str, said: str) -> None:
    content = BytesIO()
    Image.new(mode, (60, 40)).save(content, form)
    record = record_of(tmp_path, photo("JPEG", 1), np.zeros((40, 60), np.uint8))
    record.mask.path.write_bytes(content.getvalue())

    with pytest.raises(DataError, match=said):
        read_mask(record, 2)


def test_a_mask_of_one_bit_has_the_labels_0_and_1(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[10:, 20:] = 1
    record = record_of(tmp_path, photo("JPEG", 1), mask)
    Image.fromarray(mask * 255).convert("1").save(record.mask.path)

    read = read_mask(record, 2)

    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, mask)


def test_255_is_no_label_outside_the_list(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", train=1, val=1)
    (voc / "SegmentationClass/p0.png").write_bytes(png_bytes(np.full((48, 64), 255, np.uint8)))
    (record,) = voc_records(voc, "train")

    assert (read_mask(record, 3) == 255).all()
