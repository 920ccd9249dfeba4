"""One picture or several: a file, a folder of pictures, or a glob."""

import glob
import re
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.frames.pixels import Image, Pixels
from deeplab_cv.machine.opencv_log import quiet_opencv
from deeplab_cv.sources import Source
from deeplab_cv.sources.files import cannot_read, check_file, exists, is_folder

PICTURE_EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".pgm", ".pbm"}
)
"""What is taken for a picture in a folder; in lower case."""

_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"
_JPEG_START = b"\xff\xd8"


class PictureSource(Source):
    """Pictures one after another, each with its number as timestamp; a frame's name is its file."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """`paths`: at least one. Raises SourceError where the first cannot be read."""
        self._paths = list(paths)
        self._next = 0
        first = read_picture(self._paths[0])
        self._ahead: Image | None = first
        self.info = SourceInfo(
            name=paths[0].name if len(paths) == 1 else f"{len(paths)} pictures",
            size_wh=(first.shape[1], first.shape[0]),
            frame_rate=None,
            frame_count=len(paths),
            live=False,
            time_base=Fraction(1),
            path=paths[0] if len(paths) == 1 else None,
        )

    def read(self) -> Frame | None:
        """The next picture, or None after the last. Raises SourceError naming a file that cannot be read."""
        if self._next >= len(self._paths):
            return None
        index, self._next = self._next, self._next + 1
        path = self._paths[index]
        image, self._ahead = self._ahead, None
        if image is None:
            image = read_picture(path)
        return Frame(Pixels(image=image), index, index, Fraction(1), time.monotonic(), str(path))

    def close(self) -> None:
        """Read no more."""
        self._next = len(self._paths)
        self._ahead = None


def find_pictures(text: str) -> list[Path]:
    """The files a picture's name, a folder or a glob stands for, as a person sorts them: 2.jpg before 10.jpg.

    Raises SourceError where there are none.
    """
    path = Path(text)
    if is_folder(path):
        try:
            found = [file for file in path.iterdir() if _looks_like_picture(file)]
        except OSError as error:
            raise cannot_read(path, error) from error
        if not found:
            kinds = "pictures are .jpg .png .webp .bmp .tif and a few more; for folders below use 'FOLDER/**/*.jpg'"
            raise SourceError("the folder has no pictures in it", path, kinds)
    elif exists(path) or not glob.has_magic(text):
        found = [path]
    else:
        matches = map(Path, glob.glob(text, recursive=True))  # noqa: PTH207
        found = [match for match in matches if not is_folder(match)]
        if not found:
            raise SourceError("no file matches", text, "put the pattern in quotes and check the folder you are in")
    return sorted(found, key=_natural_order)


def read_picture(path: Path) -> Image:
    """A picture as a viewer shows it: uint8 (H, W, 3), BGR, turned as its EXIF orientation says.

    16 bits become 8, grey becomes colour, and what is transparent lies over black. Raises SourceError.
    """
    check_file(path)
    try:
        # Read here and not by OpenCV, which cannot open names outside the system's code page on Windows.
        data = path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from error
    if data.startswith(_PNG_START) and _PNG_END not in data[-64:]:
        raise SourceError("the picture is cut off", path, "copy or download it again")
    image = _decode(data)
    if image is None:
        raise SourceError("this is not a picture, or a damaged one", path, "give a .jpg, .png, .webp, .bmp or .tif")
    return image


def over_black(picture: NDArray[np.uint8]) -> Image:
    """A picture with transparency laid over black. `picture`: uint8 (H, W, 4), BGRA."""
    opacity = cv2.merge([picture[..., 3]] * 3)
    return np.asarray(cv2.multiply(picture[..., :3], opacity, scale=1 / 255), np.uint8)


def _decode(data: bytes) -> Image | None:
    encoded = np.frombuffer(data, np.uint8)
    with quiet_opencv():
        try:
            if not data.startswith(_JPEG_START):
                # IMREAD_COLOR would show whatever lies under the transparent parts.
                stored = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
                if stored is not None and stored.ndim == 3 and stored.shape[2] == 4:
                    return over_black(_eight_bits(stored))
            decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        except cv2.error:
            return None
    return None if decoded is None else np.asarray(decoded, np.uint8)


def _eight_bits(stored: NDArray[Any]) -> NDArray[np.uint8]:
    return (stored >> 8).astype(np.uint8) if stored.dtype == np.uint16 else stored.astype(np.uint8, copy=False)


def _looks_like_picture(file: Path) -> bool:
    # Names with a leading dot are macOS's shadows of the real files.
    return file.suffix.lower() in PICTURE_EXTENSIONS and not file.name.startswith(".") and file.is_file()


def _natural_order(path: Path) -> tuple[list[list[str | int]], str]:
    pieces = [re.split(r"(\d+)", part.casefold()) for part in path.parts]
    return [[int(piece) if piece.isdecimal() else piece for piece in part] for part in pieces], str(path)
