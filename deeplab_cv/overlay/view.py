"""What the window shows now, and how a key changes it: a value and a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass

from deeplab_cv.classes import RGB, default_colour


@dataclass(frozen=True)
class View:
    """The state that keys change.

    Attributes:
        overlay: labels are painted at all.
        style: one of settings.STYLES.
        alpha: opacity of the paint in style blend, 0..1.
        hidden: painted classes that are switched off, by their place in the settings.
        all_classes: every class of the network is painted.
        smooth: weight of earlier scores, 0 is off.
        line: rate, latency and engine are shown.
        legend: visible classes are listed.
        help: the keys are shown.
        paused: no further frame is taken.
    """

    overlay: bool
    style: str
    alpha: float
    smooth: float
    line: bool
    legend: bool
    hidden: frozenset[int] = frozenset()
    all_classes: bool = False
    help: bool = False
    paused: bool = False


def painted_classes(view: View, paint: Mapping[str, RGB], class_names: tuple[str, ...]) -> dict[str, RGB]:
    """The classes a view paints, with their colours (RGB); class 0 is the background and stays as it is."""
    if view.all_classes:
        wanted = {name: paint.get(name) or default_colour(name) for name in class_names[1:]}
    else:
        wanted = {name: colour for name, colour in paint.items() if name in class_names}
    return {name: colour for place, (name, colour) in enumerate(wanted.items()) if place not in view.hidden}
