"""One picture or several: a file, a folder of pictures, or a glob."""

import glob
import logging
import math
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deeplab_cv.errors import PassedOverError, SourceError, as_typed
from deeplab_cv.frames.frame import Frame, SourceInfo, Span, picture_frame
from deeplab_cv.frames.pixels import Image, merged
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.opencv_log import quiet_opencv
from deeplab_cv.machine.program import program
from deeplab_cv.sources.files import cannot_read, check_input, exists, is_folder
from deeplab_cv.sources.naming import PICTURE_EXTENSIONS, VIDEO_EXTENSIONS
from deeplab_cv.sources.picture_header import Header, read_header, turned
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.standard_input import NAME, behind

_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"

_MOST_PIXELS = 200_000_000
"""A larger picture takes gigabytes once it is decoded, however few bytes its file has."""

_JPEGS = ("JPEG", "MPO")
"""Pillow's words for a JPEG; the second has several pictures in it, of which the first counts."""

_TURNED_WITHOUT_ALPHA = ("PNG", "WEBP")
"""Kinds that OpenCV turns by their EXIF only where it drops their transparency; a TIFF it turns always."""

_log = logging.getLogger(__name__)


class PictureSource(Source):
    """Pictures one after another, each with its number as timestamp; a frame's name is its file.

    Of several, those that cannot be read are named and passed over; the error comes after the last.
    """

    def __init__(self, paths: Sequence[Path], *, forgiving: bool = False) -> None:
        """Read the first picture that can be read.

        Args:
            paths: at least one.
            forgiving: what is passed over is named and no error.

        Raises:
            SourceError: none can be read.
        """
        self._forgiving = forgiving
        self._paths = list(paths)
        self._places: list[int] = []
        self._next = 0
        self._index = 0
        self._problems: list[SourceError] = []
        self._named: set[Path] = set()
        self._ahead = self._read_next()
        if self._ahead is None:
            raise self._problems[0]
        first = self._ahead[1]
        self.info = SourceInfo(
            name=paths[0].name if len(paths) == 1 else f"{len(paths)} pictures",
            size=Size.of(first),
            frame_rate=None,
            frame_count=len(paths),
            live=False,
            time_base=Fraction(1),
            path=paths[0] if len(paths) == 1 else None,
            span=Span(Fraction(0), Fraction(len(paths))),
            names=tuple(map(_name_of, paths)),
        )

    def read(self) -> Frame | None:
        """The next picture that can be read, or None after the last. Raises SourceError after it if any could not."""
        path_and_image, self._ahead = self._ahead or self._read_next(), None
        if path_and_image is None:
            self._say_what_was_passed_over()
            return None
        path, image = path_and_image
        index, self._index = self._index, self._index + 1
        return picture_frame(image, index=index, name=_name_of(path))

    def seek(self, time_s: Fraction) -> bool:
        """Go on with a picture that was read before, by its number; False for any other."""
        number = max(0, math.ceil(time_s))
        self._ahead = None
        known = number < len(self._places)
        self._next = self._places[number] if known else len(self._paths)
        self._index = number
        return known

    def _read_next(self) -> tuple[Path, Image] | None:
        while self._next < len(self._paths):
            path, self._next = self._paths[self._next], self._next + 1
            try:
                image = read_picture(path)
            except SourceError as error:
                if path in self._named:
                    continue
                self._named.add(path)
                self._problems.append(error)
                if len(self._paths) > 1:
                    _log.warning("passed over: %s", error)
            else:
                if not self._places or self._places[-1] < self._next - 1:
                    self._places.append(self._next - 1)
                return path, image
        return None

    def _say_what_was_passed_over(self) -> None:
        problems, self._problems = self._problems, []
        if problems and not self._forgiving:
            what = f"{len(problems)} of {len(self._paths)} pictures could not be read"
            remedy = f"{problems[0].what}; {problems[0].remedy}; the others are done"
            raise PassedOverError(what, problems[0].where, remedy)

    def close(self) -> None:
        """Read no more."""
        self._problems = []
        self._next = len(self._paths)
        self._ahead = None


def _name_of(path: Path) -> str:
    return NAME if behind(path) else str(path)


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
            _refuse_videos(text, path.iterdir())
            kinds = "pictures are .jpg .png .webp .bmp .tif and a few more; for folders below use 'FOLDER/**/*.jpg'"
            raise SourceError("the folder has no pictures in it", path, kinds)
    elif exists(path) or not glob.has_magic(text):
        found = [path]
    else:
        matches = map(Path, glob.glob(text, recursive=True))  # noqa: PTH207
        found = [match for match in matches if not is_folder(match)]
        if not found:
            raise SourceError(
                "no file matches", as_typed(text), "put the pattern in quotes and check the folder you are in"
            )
    if all(file.suffix.lower() in VIDEO_EXTENSIONS for file in found):
        _refuse_videos(text, found)
    return sorted(found, key=_natural_order)


def _refuse_videos(text: str, files: Iterable[Path]) -> None:
    """Raises SourceError where there are videos among the files."""
    videos = sorted(file for file in files if file.suffix.lower() in VIDEO_EXTENSIONS and exists(file))
    if videos:
        what = "this is a video, not a picture" if videos == [Path(text)] else "there are videos here, not pictures"
        more = f"; `{program()} batch` takes all of them" if len(videos) > 1 else ""
        raise SourceError(what, as_typed(text), f"name it with --video {as_typed(videos[0])}{more}")


def read_picture(path: Path) -> Image:
    """A picture as a viewer shows it: uint8 (H, W, 3), BGR, turned as its EXIF orientation says.

    16 bits become 8, grey becomes colour, and what is transparent lies over black. Raises SourceError.
    """
    check_input(path)
    try:
        # Read here and not by OpenCV, which cannot open names outside the system's code page on Windows.
        data = path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from error
    return decoded_picture(data, path)


def decoded_picture(data: bytes, where: object) -> Image:
    """What `read_picture` gives, of the bytes of a file. `where` is what an error names.

    Raises SourceError.
    """
    if data.startswith(_PNG_START) and _PNG_END not in data[-64:]:
        raise SourceError("the picture is cut off", where, "copy or download it again")
    header = read_header(data)
    if header is not None and math.prod(header.size) > _MOST_PIXELS:
        size = f"{header.size}, more than {_MOST_PIXELS // 10**6} megapixels"
        what = f"the picture is too large ({size})"
        raise SourceError(what, where, "scale it down, or cut it into parts")
    image = _decode(data, header)
    if image is None and header is not None and header.kind in _JPEGS and _JPEG_END not in data[-2:]:
        # Viewers show such a picture as far as it goes, and so does the decoder once it is given an end.
        image = _decode(data + _JPEG_END, header)
        if image is not None:
            _log.warning("%s: the picture lacks its end; what is missing of it is grey", as_typed(where))
    if image is None:
        raise _unreadable(where, data, header)
    return image


def picture_of_pillow(picture: Any) -> Image:
    """What `read_picture` gives, of a PIL picture, which may still have to read its file.

    Mode I is taken for 16 bits, as PIL reads them; its other modes of numbers do not say what is white.
    Raises SourceError.
    """
    from PIL import ImageOps

    where = getattr(picture, "filename", None) or f"a PIL picture of mode {picture.mode}"
    try:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith(("I", "F")):
            return np.dstack([_grey_of_pillow(np.asarray(upright), where)] * 3)
        channels = np.asarray(upright.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        remedy = "copy or download it again, or convert it to RGB"
        raise SourceError("the picture cannot be read", where, remedy, cause=error) from error
    return over_black(np.ascontiguousarray(channels[..., [2, 1, 0, 3]]))


def _grey_of_pillow(numbers: NDArray[Any], where: object) -> NDArray[np.uint8]:
    if numbers.dtype.kind == "f" or numbers.min() < 0 or numbers.max() > 0xFFFF:
        raise _no_white(numbers, where)
    return (numbers.astype(np.uint16) >> 8).astype(np.uint8)


def over_black(picture: NDArray[np.uint8]) -> Image:
    """A picture with transparency, uint8 (H, W, 4), BGRA, laid over black."""
    opacity = merged(*[picture[..., 3]] * 3)
    return np.asarray(cv2.multiply(picture[..., :3], opacity, scale=1 / 255), np.uint8)


def _decode(data: bytes, header: Header | None) -> Image | None:
    encoded = np.frombuffer(data, np.uint8)
    with quiet_opencv():
        try:
            if not data.startswith(_JPEG_START):
                # IMREAD_COLOR would show whatever lies under the transparent parts.
                stored = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
                if stored is not None and stored.ndim == 3 and stored.shape[2] == 4:
                    return _upright(over_black(_eight_bits(stored)), header, _TURNED_WITHOUT_ALPHA)
            decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        except cv2.error:
            return None
    return None if decoded is None else _upright(np.asarray(decoded, np.uint8), header, ())


def _upright(picture: Image, header: Header | None, also: tuple[str, ...]) -> Image:
    """The picture turned where OpenCV did not do it: an AVIF, and `also` these kinds."""
    unturned = header is not None and header.kind in ("AVIF", *also)
    return turned(picture, header.orientation) if header is not None and unturned else picture


def _unreadable(where: object, data: bytes, header: Header | None) -> SourceError:
    with quiet_opencv():
        try:
            stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            stored = None
    if stored is not None and stored.dtype not in (np.uint8, np.uint16):
        return _no_white(stored, where)
    if header is not None:
        what = f"the {header.kind} picture is damaged, or of a kind that OpenCV does not read"
        return SourceError(what, where, "copy or download it again, or convert it to .png")
    return SourceError("this is not a picture, or a damaged one", where, "give a .jpg, .png, .webp, .bmp or .tif")


def _no_white(numbers: NDArray[Any], where: object) -> SourceError:
    what = f"a picture of {numbers.dtype} numbers does not say which of them is white"
    return SourceError(what, where, "convert it to 8 or 16 bits a channel")


def _eight_bits(stored: NDArray[Any]) -> NDArray[np.uint8]:
    return (stored >> 8).astype(np.uint8) if stored.dtype == np.uint16 else stored.astype(np.uint8, copy=False)


def _looks_like_picture(file: Path) -> bool:
    # Names with a leading dot are macOS's shadows of the real files.
    return file.suffix.lower() in PICTURE_EXTENSIONS and not file.name.startswith(".") and file.is_file()


def _natural_order(path: Path) -> tuple[list[list[str | int]], str]:
    pieces = [re.split(r"(\d+)", part.casefold()) for part in path.parts]
    return [[int(piece) if piece.isdecimal() else piece for piece in part] for part in pieces], str(path)
