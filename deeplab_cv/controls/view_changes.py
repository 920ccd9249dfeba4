"""How an action changes the view, and the words that say so: a table of pure functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from deeplab_cv.classes import default_colour
from deeplab_cv.controls.keys import PaintClass, PaintNamed, SetView, Word
from deeplab_cv.overlay.options import STYLES
from deeplab_cv.overlay.view import View, numbered_classes, paint_for, painted_classes

_ALPHA_STEP = 0.1
_OPAQUE_STYLES = ("mask", "outline", "blur", "replace", "cutout")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


@dataclass(frozen=True)
class ViewChange:
    """What an action does to the view.

    Attributes:
        change: the view before -> the view after.
        words: what a view that was changed so is, for the user; empty where it is seen anyway.
    """

    change: Callable[[View], View]
    words: Callable[[View], str]


def _painted(view: View, **changes: object) -> View:
    """The view with other options of its picture; they are not checked again."""
    return replace(view, picture=view.picture.model_copy(update=changes))


def _with_next_style(view: View) -> View:
    return _painted(view, style=STYLES[(STYLES.index(view.picture.style) + 1) % len(STYLES)])


def _with_alpha(view: View, step: float) -> View:
    return _painted(view, alpha=min(1.0, max(0.0, round(view.picture.alpha + step, 2))))


def _alpha_words(view: View) -> str:
    style = view.picture.style
    return f"opacity {view.picture.alpha:g}{f'; style {style} does not show it' if style in _OPAQUE_STYLES else ''}"


def _smoothing_words(view: View) -> str:
    return f"smoothing {f'{view.smooth:g}' if view.smooth else 'off'}"


def _style_words(view: View) -> str:
    return f"style {view.picture.style}{'' if view.overlay else '; paint is off'}"


def _classes_words(view: View) -> str:
    return "all classes painted" if view.all_classes else f"painted: {', '.join(view.picture.paint) or 'nothing'}"


def _switched(what: str, on: Callable[[View], bool]) -> Callable[[View], str]:
    return lambda view: f"{what} {'on' if on(view) else 'off'}"


def _silent(_: View) -> str:
    return ""


VIEW_CHANGES: Mapping[Word, ViewChange] = {
    "pause": ViewChange(
        lambda view: replace(view, paused=not view.paused), lambda view: "" if view.paused else "it goes on"
    ),
    "fullscreen": ViewChange(
        lambda view: replace(view, fullscreen=not view.fullscreen),
        lambda view: "full screen; f or Esc ends it" if view.fullscreen else "full screen off",
    ),
    "overlay": ViewChange(
        lambda view: replace(view, overlay=not view.overlay), _switched("paint", lambda view: view.overlay)
    ),
    "style": ViewChange(_with_next_style, _style_words),
    "alpha_up": ViewChange(lambda view: _with_alpha(view, _ALPHA_STEP), _alpha_words),
    "alpha_down": ViewChange(lambda view: _with_alpha(view, -_ALPHA_STEP), _alpha_words),
    "all_classes": ViewChange(lambda view: replace(view, all_classes=not view.all_classes), _classes_words),
    "smoothing": ViewChange(
        lambda view: replace(view, smooth=0.0 if view.smooth else view.usual_smooth), _smoothing_words
    ),
    "line": ViewChange(
        lambda view: _painted(view, line=not view.picture.line),
        _switched("rate, latency and engine", lambda view: view.picture.line),
    ),
    "legend": ViewChange(
        lambda view: _painted(view, legend=not view.picture.legend),
        _switched("list of classes", lambda view: view.picture.legend),
    ),
    "help": ViewChange(lambda view: replace(view, help=not view.help), _silent),
}
"""What each action that concerns the view alone does to it."""


def with_wish(view: View, action: PaintClass | PaintNamed | SetView, class_names: Sequence[str]) -> tuple[View, str]:
    """The view that an action with values asks for, and what is new in words."""
    if isinstance(action, PaintClass):
        return with_class_toggled(view, action, class_names)
    if isinstance(action, PaintNamed):
        return with_named_class_painted(view, action, class_names)
    return with_values(view, action)


def with_class_toggled(view: View, action: PaintClass, class_names: Sequence[str]) -> tuple[View, str]:
    """The view that hides a painted class, or shows it again, and that in words."""
    numbered = numbered_classes(view, class_names)
    if action.number > len(numbered):
        count = f"{len(numbered)} {'is' if len(numbered) == 1 else 'are'} painted"
        return (
            view,
            f"there is no {_ORDINALS[action.number - 1]} class: {count}{'' if view.all_classes else '; 0 paints all'}",
        )
    name = numbered[action.number - 1]
    changed = replace(view, hidden=view.hidden ^ {name})
    return changed, f"{action.number} {name} {'on' if name in painted_classes(changed, class_names) else 'off'}"


def with_named_class_painted(view: View, action: PaintNamed, class_names: Sequence[str]) -> tuple[View, str]:
    """The view that paints a class by name or not, or in another colour, and that in words."""
    name = action.name
    if name not in class_names[1:]:
        return view, f"this network has no class {name}"
    if action.colour is not None or name not in numbered_classes(view, class_names):
        paint = view.picture.paint | paint_for(view.picture, class_names)
        view = _painted(view, paint={**paint, name: action.colour or paint.get(name) or default_colour(name)})
    if action.on is not None:
        view = replace(view, hidden=view.hidden - {name} if action.on else view.hidden | {name})
    return view, f"{name} {'on' if name not in view.hidden else 'off'}"


def with_values(view: View, action: SetView) -> tuple[View, str]:
    """The view with these values, and what of it is new, in words."""
    words = []
    if action.style is not None:
        view = _painted(view, style=action.style)
        words.append(_style_words(view))
    if action.alpha is not None:
        view = _painted(view, alpha=action.alpha)
        words.append(_alpha_words(view))
    if action.smooth is not None:
        view = replace(view, smooth=action.smooth, usual_smooth=action.smooth or view.usual_smooth)
        words.append(_smoothing_words(view))
    return view, "; ".join(words)
