"""A picture and its mask, wherever the bytes lie: read and checked."""

from dataclasses import KW_ONLY, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from deeplab_cv.classes import IGNORE
from deeplab_cv.errors import DataError, SourceError
from deeplab_cv.frames.pixels import to_rgb
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.picture_header import read_header
from deeplab_cv.sources.pictures import decoded_picture

_NO_MASKS = {"I;16": "has 16 bits", "I": "has 32 bits", "F": "has 32 bits", "LA": "has transparency"}
"""What makes a picture of a Pillow mode no mask; all others have colours."""

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class FileSlice:
    """The bytes of one file, alone on disk or inside a tar archive that is not unpacked."""

    path: Path
    _: KW_ONLY
    offset: int = 0
    size: int = -1
    member: str = ""

    def read(self) -> bytes:
        """The bytes; raises DataError if the file cannot be read."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                return file.read(self.size)
        except OSError as error:
            raise DataError(
                "cannot read a file of the data",
                self,
                "check that it is there and may be read",
                cause=error.strerror or error,
            ) from error

    def __str__(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)


@dataclass(frozen=True)
class Record:
    """One picture with its mask; `name` is unique within a data set."""

    name: str
    picture: FileSlice
    mask: FileSlice


def read_rgb(record: Record) -> Picture:
    """The picture as a viewer shows it, turned by its EXIF: uint8 (H, W, 3), RGB.

    Raises DataError if it cannot be decoded.
    """
    try:
        return to_rgb(decoded_picture(record.picture.read(), record.picture))
    except SourceError as error:
        raise undecodable(record.picture, error.what) from error


def undecodable(picture: FileSlice, cause: object) -> DataError:
    """The error for a picture that cannot be decoded."""
    return DataError("cannot decode a picture", picture, "replace it or take it off the list", cause=cause)


def picture_sizes(picture: FileSlice) -> tuple[Size, Size]:
    """The size of a picture as a viewer shows it, and as it is stored; of most kinds the header alone is read.

    Raises DataError if it cannot be decoded.
    """
    data = picture.read()
    header = read_header(data)
    if header is not None:
        return header.upright_size, header.size
    try:
        size = Size.of(decoded_picture(data, picture))
    except SourceError as error:
        raise undecodable(picture, error.what) from error
    return size, size


def read_mask(record: Record, class_count: int) -> Mask:
    """The mask: uint8 (H, W), 0..class_count-1 or 255.

    Read with Pillow: `cv2.imread` turns a palette PNG into its colours and loses the labels.
    Raises DataError if it cannot be decoded, is no index mask, or holds a label outside the class list.
    """
    try:
        with Image.open(BytesIO(record.mask.read())) as image:
            kind, mode, mask = image.format, image.mode, np.asarray(image)
    except (OSError, SyntaxError) as error:
        raise DataError("cannot decode a mask", record.mask, "save it as an 8-bit palette PNG") from error
    if mode not in ("1", "P", "L") or kind == "JPEG":
        what = "is a JPEG, which blurs labels" if kind == "JPEG" else _NO_MASKS.get(mode, "has colours")
        remedy = "save it as an 8-bit palette PNG whose indices are the labels"
        raise DataError(f"mask {what} (Pillow mode {mode}), expected labels", record.mask, remedy)
    mask = mask.astype(np.uint8, copy=False)
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    outside = present[(present >= class_count) & (present != IGNORE)]
    if outside.size:
        raise DataError(
            f"mask has label {outside[0]}, the class list ends at {class_count - 1}",
            record.mask,
            "correct the mask, or give the names of all classes with --classes",
        )
    return mask


def read_pair(record: Record, class_count: int) -> tuple[Picture, Mask]:
    """Picture and mask of one size; raises DataError if their sizes differ."""
    picture, mask = read_rgb(record), read_mask(record, class_count)
    if picture.shape[:2] != mask.shape:
        check_sizes(record, Size.of(mask))
        raise size_error(record, Size.of(picture), Size.of(mask))
    return picture, mask


def check_sizes(record: Record, mask: Size) -> None:
    """Raises DataError if the picture cannot be decoded, or a mask of this size is not that of the picture shown."""
    shown, stored = picture_sizes(record.picture)
    if mask == shown:
        return
    if mask == stored:
        what = f"the picture is {shown} once it is turned by its EXIF, its mask {mask}"
        raise DataError(what, record.mask, "turn the mask as a viewer turns the picture")
    raise size_error(record, shown, mask)


def size_error(record: Record, picture: Size, mask: Size) -> DataError:
    """The error for a mask that is not the size of its picture."""
    return DataError(
        f"picture is {picture}, its mask {mask}",
        record.mask,
        "draw the mask at the picture's size",
    )
