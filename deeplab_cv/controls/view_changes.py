"""How an action changes the view: a table of pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from deeplab_cv.controls.keys import PaintClass, Word
from deeplab_cv.overlay.options import STYLES
from deeplab_cv.overlay.view import View

_ALPHA_STEP = 0.1

VIEW_CHANGES: Mapping[Word, Callable[[View], View]] = {
    "pause": lambda view: replace(view, paused=not view.paused),
    "overlay": lambda view: replace(view, overlay=not view.overlay),
    "style": lambda view: _painted(view, style=STYLES[(STYLES.index(view.picture.style) + 1) % len(STYLES)]),
    "alpha_up": lambda view: _painted(view, alpha=min(1.0, round(view.picture.alpha + _ALPHA_STEP, 2))),
    "alpha_down": lambda view: _painted(view, alpha=max(0.0, round(view.picture.alpha - _ALPHA_STEP, 2))),
    "all_classes": lambda view: replace(view, all_classes=not view.all_classes),
    "smoothing": lambda view: replace(view, smooth=0.0 if view.smooth else view.usual_smooth),
    "line": lambda view: _painted(view, line=not view.picture.line),
    "legend": lambda view: _painted(view, legend=not view.picture.legend),
    "help": lambda view: replace(view, help=not view.help),
}
"""The view after an action that concerns nothing else."""


def with_class_toggled(view: View, action: PaintClass) -> View:
    """The view that hides a painted class, or shows it again."""
    return replace(view, hidden=view.hidden ^ {action.number - 1})


def _painted(view: View, **changes: object) -> View:
    """The view with other options of its picture; they are not checked again."""
    return replace(view, picture=view.picture.model_copy(update=changes))
