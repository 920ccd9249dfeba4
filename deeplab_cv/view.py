"""What the window shows now, and how a key changes it: a value and a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from deeplab_cv.classes import RGB
from deeplab_cv.keys import Action
from deeplab_cv.settings import STYLES, Settings, default_colour

_ALPHA_STEP = 0.1
USUAL_SMOOTHING = 0.6
"""The weight of earlier scores where smoothing is asked for without a number."""


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


def first_view(settings: Settings, pictures: bool) -> View:
    """What is shown at the start; pictures wait, one at a time and unpainted, for Segment, as in the iOS tutorial."""
    return View(
        overlay=not pictures,
        style=settings.style,
        alpha=settings.alpha,
        smooth=settings.smooth,
        line=settings.line,
        legend=settings.legend,
        paused=pictures,
    )


def changed(view: View, action: Action, smooth: float) -> View:
    """The view after a key; the same view where the key does not concern it.

    Args:
        view: the view before.
        action: what the key does.
        smooth: the settings' smoothing, to go back to; 0 means a usual value.
    """
    if action.startswith("class_"):
        return replace(view, hidden=view.hidden ^ {int(action.removeprefix("class_")) - 1})
    match action:
        case "pause":
            return replace(view, paused=not view.paused)
        case "step":
            return replace(view, paused=True)
        case "overlay":
            return replace(view, overlay=not view.overlay)
        case "style":
            return replace(view, style=STYLES[(STYLES.index(view.style) + 1) % len(STYLES)])
        case "alpha_up":
            return replace(view, alpha=min(1.0, round(view.alpha + _ALPHA_STEP, 2)))
        case "alpha_down":
            return replace(view, alpha=max(0.0, round(view.alpha - _ALPHA_STEP, 2)))
        case "all_classes":
            return replace(view, all_classes=not view.all_classes)
        case "smoothing":
            return replace(view, smooth=0.0 if view.smooth else smooth or USUAL_SMOOTHING)
        case "line":
            return replace(view, line=not view.line)
        case "legend":
            return replace(view, legend=not view.legend)
        case "help":
            return replace(view, help=not view.help)
        case "segment":
            return replace(view, overlay=True)
        case "restart":
            return replace(view, overlay=False)
        case _:
            return view


def painted_classes(view: View, paint: Mapping[str, RGB], class_names: tuple[str, ...]) -> dict[str, RGB]:
    """The classes a view paints, with their colours (RGB); class 0 is the background and stays as it is."""
    if view.all_classes:
        wanted = {name: paint.get(name) or default_colour(name) for name in class_names[1:]}
    else:
        wanted = {name: colour for name, colour in paint.items() if name in class_names}
    return {name: colour for place, (name, colour) in enumerate(wanted.items()) if place not in view.hidden}
