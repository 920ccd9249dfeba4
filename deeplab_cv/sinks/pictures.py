"""Painted pictures as picture files: one under its own name, or one for each frame in a folder."""

from pathlib import Path

import cv2

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.landing import FrameFiles, cannot_write, refuse_original, write_whole
from deeplab_cv.sinks.outlet import Outlet
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.transparency import say_checkerboard

PICTURE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

STANDARD_OUTPUT = Path("stdout")

NOT_READ = "not all of it was read"
"""What is said of a pipe whose reader stood still when the run was stopped."""

_PIPED = Path("stdout.png")

_TRANSPARENT_EXTENSIONS = (".png", ".webp")
"""What keeps a cut-out transparent, and is shown so by whatever opens it."""


class PictureSink:
    """One painted picture, in the file the user named."""

    needs_picture = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = False

    def write(self, painted: Painted) -> None:
        """Write the picture.

        Raises SinkError where it cannot, and for a second one; UsageError where it would replace its own original.
        """
        if self._written:
            raise SinkError("more than one picture for one file", self._path, "name a folder instead")
        if painted.frame.name:
            refuse_original(self._path, Path(painted.frame.name))
        if painted.pixels.transparent is not None and not _keeps_transparency(self._path):
            say_checkerboard(self._path, f"a {' or a '.join(_TRANSPARENT_EXTENSIONS)} is transparent")
        write_whole(self._path, encode_picture(painted.pixels, self._path))
        self._written = True

    def finish(self) -> Written:
        """Nothing is left to do: the file is whole as soon as it has its name."""
        return Written(self._path, int(self._written))

    def abandon(self) -> Written | None:
        """The picture stays if it was written: it is whole."""
        return Written(self._path, 1) if self._written else None


class PicturePipe:
    """One painted picture as PNG through a pipe."""

    needs_picture = True

    def __init__(self, descriptor: int) -> None:
        """Write into a pipe, named by its number in the system."""
        self._outlet = Outlet(descriptor)
        self._count = 0

    def write(self, painted: Painted) -> None:
        """Write the picture. Raises SinkError where nobody reads it."""
        data = encode_picture(painted.pixels, _PIPED)
        try:
            self._outlet.write(data)
        except OSError as error:
            if self._outlet.cut:
                return
            raise cannot_write(STANDARD_OUTPUT, error) from error
        self._count += 1

    def hurry(self) -> None:
        """Wait no longer than a moment for who reads: somebody stops the run; from any thread."""
        self._outlet.hurry()

    def finish(self) -> Written:
        """Nothing is left to do."""
        return Written(STANDARD_OUTPUT, self._count, NOT_READ if self._outlet.cut else "")

    def abandon(self) -> Written | None:
        """What was written cannot be taken back."""
        return self.finish() if self._count or self._outlet.cut else None


class PictureFolderSink:
    """One PNG for each frame in a folder: the picture's own name for pictures, 000000.png on for video."""

    needs_picture = True

    def __init__(self, folder: Path, frame_count: int | None) -> None:
        """`folder` is made for the first frame; `frame_count` widens the numbers where six digits are too few."""
        self._folder = folder
        self._files = FrameFiles(folder, ".png", frame_count)
        self._count = 0

    def write(self, painted: Painted) -> None:
        """Write one picture. Raises SinkError where it cannot."""
        path = self._files.path_for(painted.frame)
        write_whole(path, encode_picture(painted.pixels, path))
        self._count += 1

    def finish(self) -> Written:
        """Nothing is left to do: each picture is whole as soon as it has its name."""
        return Written(self._folder, self._count, self._files.note)

    def abandon(self) -> Written | None:
        """The pictures written so far stay: each is whole."""
        return Written(self._folder, self._count, self._files.note, whole=False) if self._count else None


def encode_picture(pixels: Pixels, path: Path) -> bytes:
    """A picture file in the format of the path's extension, transparent where the picture and the format are.

    Raises SinkError.
    """
    transparent = pixels.transparent if _keeps_transparency(path) else None
    picture = pixels.image if transparent is None else transparent
    size = Size.of(picture)
    try:
        encoded, data = cv2.imencode(path.suffix.lower(), picture)
    except cv2.error as error:
        raise SinkError(f"cannot encode a picture of {size}", path, "name a .png") from error
    if not encoded:
        raise SinkError(f"{path.suffix} cannot hold a picture of {size}", path, "name a .png")
    return bytes(data)


def _keeps_transparency(path: Path) -> bool:
    return path.suffix.lower() in _TRANSPARENT_EXTENSIONS
