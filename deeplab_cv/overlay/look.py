"""How labels are painted: style, opacity, colours, and what lies behind."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from deeplab_cv.classes import COLOUR_NAMES, PAINTED_BY_DEFAULT, RGB, parse_colour, resolved_paint
from deeplab_cv.errors import SettingsError, as_typed, did_you_mean
from deeplab_cv.frames.pixels import Image, resize
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.opencv_log import quiet_opencv
from deeplab_cv.overlay.options import GREEN_SCREEN, PictureOptions, Style
from deeplab_cv.overlay.view import View, painted_classes


class Backdrop:
    """What style replace puts behind the painted classes: a colour or a picture, at any size."""

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        self._fitted = picture

    def at(self, size: Size) -> Image:
        """The backdrop as a picture of this size: its middle, as large as covers it all; not to be written into."""
        # Another thread may want another size meanwhile.
        fitted = self._fitted
        if Size.of(fitted) != size:
            fitted = self._fitted = _cover(self._picture, size)
        return fitted


def read_backdrop(text: str) -> Backdrop:
    """A colour such as #00b140, or a picture file -> a backdrop. Raises SettingsError if it is neither."""
    try:
        red, green, blue = parse_colour(text)
    except ValueError:
        return _picture_backdrop(text, _version_of(text))
    return Backdrop(np.array([[[blue, green, red]]], np.uint8))


@lru_cache(maxsize=4)
def _picture_backdrop(file: str, _version: object) -> Backdrop:
    return Backdrop(_read_picture(file))


def _version_of(file: str) -> object:
    """Differs once another picture lies under a file's name; None where there is none."""
    try:
        facts = Path(file).stat()
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size


@lru_cache(maxsize=4)
def _first_backdrop(text: str) -> Backdrop:
    """The backdrop as it was when it was first asked for: a run goes on with it whatever becomes of the file."""
    return read_backdrop(text)


@dataclass(frozen=True)
class Look:
    """How labels are painted.

    Attributes:
        style: how labels are painted.
        alpha: opacity of the paint in styles blend and side-by-side, 0..1.
        colours: label -> colour (RGB) of each painted class. Styles blur, replace and cutout keep these classes as the
            camera saw them and change the rest.
        backdrop: what style replace puts in place of the rest.
    """

    style: Style
    _: KW_ONLY
    alpha: float = 0.5
    colours: Mapping[int, RGB] = field(default_factory=dict)
    backdrop: Backdrop = field(default_factory=lambda: read_backdrop(GREEN_SCREEN))


def make_look(picture: PictureOptions, class_names: Sequence[str], backdrop: Backdrop | None = None) -> Look:
    """The look that the options describe for a network with these classes; its background is read without `backdrop`.

    Raises SettingsError if a painted class is none of the network's, or the background cannot be read.
    """
    paint = resolved_paint(picture.paint, class_names)
    colours = {class_names.index(name): colour for name, colour in paint.items()}
    return Look(
        picture.style, alpha=picture.alpha, colours=colours, backdrop=backdrop or read_backdrop(picture.background)
    )


def check_paint(picture: PictureOptions, class_names: Sequence[str]) -> None:
    """See that everything to be painted is there, before anything is written.

    A class that is painted by default and that the network lacks is left out.

    Raises SettingsError for a class asked for that the network does not know, and for a background that cannot be read.
    """
    by_default = picture.paint == PAINTED_BY_DEFAULT
    make_look(picture.model_copy(update={"paint": {}}) if by_default else picture, class_names)


def with_the_network_s_names(picture: PictureOptions, class_names: Sequence[str]) -> PictureOptions:
    """The same options with each painted class by the name that the network has for it.

    Raises SettingsError for a class that the network does not know; the usual three are nobody's wish.
    """
    if picture.paint == PAINTED_BY_DEFAULT:
        return picture
    return picture.model_copy(update={"paint": resolved_paint(picture.paint, class_names)})


@lru_cache(maxsize=8)
def look_of(view: View, class_names: tuple[str, ...]) -> Look:
    """The look that a view asks for; made once, as a view changes on a key only and every frame asks."""
    painted = painted_classes(view, class_names)
    picture = view.picture.model_copy(update={"paint": painted})
    return make_look(picture, class_names, _first_backdrop(picture.background))


def _read_picture(file: str) -> Image:
    remedy = f"{did_you_mean(file, COLOUR_NAMES)} name a picture file, or a colour such as green or #00b140".lstrip()
    try:
        # Not cv2.imread, which cannot open every file name on Windows and prints its own warning.
        with quiet_opencv():
            picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error) as error:
        raise SettingsError("cannot read the background", as_typed(file), remedy) from error
    if picture is None:
        raise SettingsError("the background is no picture", as_typed(file), remedy)
    return np.asarray(picture, np.uint8)


def _cover(picture: Image, size: Size) -> Image:
    height, width = picture.shape[:2]
    scale = max(size.width / width, size.height / height)
    inner_width = min(width, max(1, round(size.width / scale)))
    inner_height = min(height, max(1, round(size.height / scale)))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    inner = picture[top : top + inner_height, left : left + inner_width]
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return resize(inner, size, interpolation)
