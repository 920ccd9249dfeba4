"""How frames are painted and shown now: a value that keys change."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from deeplab_cv.classes import PAINTED_BY_DEFAULT, RGB, default_colour
from deeplab_cv.overlay.options import PictureOptions

USUAL_SMOOTHING = 0.6
"""The weight of earlier scores of a live picture, and where smoothing is asked for without a number."""


@dataclass(frozen=True, kw_only=True)
class View:
    """How frames are painted and what is shown with them.

    Attributes:
        overlay: labels are painted at all.
        picture: how they are painted, and whether the legend and the line are shown.
        usual_smooth: the weight that smoothing has when it is switched on.
        hidden: the names of painted classes that are switched off.
        all_classes: every class of the network is painted.
        smooth: weight of earlier scores, 0 is off.
        help: the keys are shown.
        paused: no further frame is taken.
        fullscreen: the window fills the screen.
    """

    overlay: bool = True
    # Its classes are a dict, which has no hash; views that differ in it alone are still told apart by comparison.
    picture: PictureOptions = field(default_factory=PictureOptions, hash=False)
    smooth: float = 0.0
    usual_smooth: float = USUAL_SMOOTHING
    hidden: frozenset[str] = frozenset()
    all_classes: bool = False
    help: bool = False
    paused: bool = False
    fullscreen: bool = False


def painted_classes(view: View, class_names: Sequence[str]) -> dict[str, RGB]:
    """The classes a view paints, with their colours (RGB); class 0 is the background and stays as it is."""
    wanted = _paintable(view, class_names)
    return {name: colour for name, colour in wanted.items() if name not in view.hidden}


def numbered_classes(view: View, class_names: Sequence[str]) -> list[str]:
    """The classes that can be painted now, also those that are hidden, in the order of their keys 1, 2, ..."""
    return list(_paintable(view, class_names))


def paint_for(picture: PictureOptions, class_names: Sequence[str]) -> dict[str, RGB]:
    """The classes to paint that a network has, with their colours (RGB).

    Where nobody has chosen any and the network has none of the usual three, it is all of its classes.
    """
    known = {name: colour for name, colour in picture.paint.items() if name in class_names}
    if not known and picture.paint == PAINTED_BY_DEFAULT:
        return {name: default_colour(name) for name in class_names[1:]}
    return known


def _paintable(view: View, class_names: Sequence[str]) -> dict[str, RGB]:
    if not view.all_classes:
        return paint_for(view.picture, class_names)
    return {name: view.picture.paint.get(name) or default_colour(name) for name in class_names[1:]}
