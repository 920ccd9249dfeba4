"""What a picture's header says before it is decoded: its size, and how it is to be turned."""

import importlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

from deeplab_cv.frames.pixels import Image, flip
from deeplab_cv.frames.size import Size

_ORIENTATION = 0x0112
"""EXIF's tag, whose value is 1 to 8."""

_TURNS = {
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}
"""For each orientation whether rows and columns are exchanged, and OpenCV's code of the flip that follows."""

_KINDS = (
    ("Jpeg", "JpegImageFile"),
    ("Png", "PngImageFile"),
    ("WebP", "WebPImageFile"),
    ("Tiff", "TiffImageFile"),
    ("Bmp", "BmpImageFile"),
    ("Gif", "GifImageFile"),
    ("Jpeg2K", "Jpeg2KImageFile"),
    ("Ppm", "PpmImageFile"),
    ("Avif", "AvifImageFile"),
)
"""Pillow's readers, asked one by one, since Image.open warns of large pictures on the terminal in its own words."""


@dataclass(frozen=True)
class Header:
    """What a picture says of itself.

    Attributes:
        kind: the format in Pillow's word, such as PNG.
        size: as stored.
        orientation: how it is to be turned, 1 to 8 as in EXIF; 1 is upright.
    """

    kind: str
    size: Size
    orientation: int

    @property
    def upright_size(self) -> Size:
        """The size of the picture as it is to be seen."""
        transposed, _ = _TURNS.get(self.orientation, (False, None))
        return Size(self.size.height, self.size.width) if transposed else self.size


def read_header(data: bytes) -> Header | None:
    """The header of an encoded picture; None for a format that Pillow does not know."""
    with warnings.catch_warnings():
        # Pillow says on the terminal what it thinks of a damaged EXIF.
        warnings.simplefilter("ignore")
        for module, name in _KINDS:
            try:
                opened = getattr(importlib.import_module(f"PIL.{module}ImagePlugin"), name)(io.BytesIO(data))
            except Exception:
                # Not of this kind, damaged, or a kind that this Pillow was built without.
                continue
            return Header(str(opened.format), Size(*opened.size), _orientation(opened))
    return None


def turned(picture: Image, orientation: int) -> Image:
    """A stored picture as it is to be seen: uint8 (H, W, 3), turned as EXIF's orientation says."""
    transposed, code = _TURNS.get(orientation, (False, None))
    upright = picture.transpose(1, 0, 2) if transposed else picture
    return upright if code is None else flip(upright, code)


def _orientation(opened: Any) -> int:
    try:
        # Pillow gives an AVIF's own rotation as EXIF's.
        return int(opened.getexif().get(_ORIENTATION, 1))
    except Exception:
        # EXIF comes from any camera and any tool; what cannot be read turns nothing.
        return 1
