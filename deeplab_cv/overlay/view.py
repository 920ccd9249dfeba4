"""How frames are painted and shown now: a value that keys change."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deeplab_cv.classes import PAINTED_BY_DEFAULT, RGB, default_colour
from deeplab_cv.overlay.options import GREEN_SCREEN, Style

USUAL_SMOOTHING = 0.6
"""The weight of earlier scores where smoothing is asked for without a number."""


@dataclass(frozen=True)
class View:
    """How frames are painted and what is shown with them.

    Attributes:
        overlay: labels are painted at all.
        style: how they are painted.
        alpha: opacity of the paint in style blend, 0..1.
        paint: the classes to paint, with their colours (RGB).
        background: what style replace puts behind: a colour or a picture file.
        usual_smooth: the weight that smoothing has when it is switched on.
        hidden: painted classes that are switched off, by their place in `paint`.
        all_classes: every class of the network is painted.
        smooth: weight of earlier scores, 0 is off.
        line: rate, latency and engine are shown.
        legend: visible classes are listed.
        help: the keys are shown.
        paused: no further frame is taken.
    """

    overlay: bool = True
    style: Style = "blend"
    alpha: float = 0.5
    smooth: float = 0.0
    line: bool = True
    legend: bool = True
    # A dict has no hash; views that differ in it alone are still told apart by comparison.
    paint: Mapping[str, RGB] = field(default_factory=lambda: PAINTED_BY_DEFAULT, hash=False)
    background: str = GREEN_SCREEN
    usual_smooth: float = USUAL_SMOOTHING
    hidden: frozenset[int] = frozenset()
    all_classes: bool = False
    help: bool = False
    paused: bool = False


def painted_classes(view: View, class_names: tuple[str, ...]) -> dict[str, RGB]:
    """The classes a view paints, with their colours (RGB); class 0 is the background and stays as it is."""
    if view.all_classes:
        wanted = {name: view.paint.get(name) or default_colour(name) for name in class_names[1:]}
    else:
        wanted = {name: colour for name, colour in view.paint.items() if name in class_names}
    return {name: colour for place, (name, colour) in enumerate(wanted.items()) if place not in view.hidden}
