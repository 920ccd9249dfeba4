"""One table: key, action, help text. The window, its help (`h`) and the table of docs/usage.md all come from it."""

from dataclasses import dataclass, replace
from typing import Literal

from deeplab_cv.overlay.view import STYLES, View

_ALPHA_STEP = 0.1


Action = Literal[
    "quit",
    "pause",
    "step",
    "overlay",
    "style",
    "alpha_up",
    "alpha_down",
    "class_1",
    "class_2",
    "class_3",
    "class_4",
    "class_5",
    "class_6",
    "class_7",
    "class_8",
    "class_9",
    "all_classes",
    "smoothing",
    "backend",
    "network",
    "line",
    "legend",
    "snapshot",
    "record",
    "segment",
    "restart",
    "help",
]


@dataclass(frozen=True)
class Key:
    """A key of the window.

    Attributes:
        codes: what cv2.pollKey returns for it, lower byte.
        label: what is printed on it.
        action: what it does.
        text: the same in words.
    """

    codes: tuple[int, ...]
    label: str
    action: Action
    text: str


_ESCAPE = 27

KEYS = (
    Key((ord("q"), _ESCAPE), "q, Esc", "quit", "quit"),
    Key((ord(" "),), "space", "pause", "pause, go on"),
    Key((ord("."),), ".", "step", "one frame further, then pause"),
    Key((ord("o"),), "o", "overlay", "paint on, off"),
    Key((ord("v"),), "v", "style", "next style: blend, mask, outline, side by side, blur, replace, cut-out"),
    Key((ord("+"), ord("=")), "+", "alpha_up", "paint more opaque"),
    Key((ord("-"),), "-", "alpha_down", "paint more transparent"),
    *(
        Key((ord(str(number)),), str(number), f"class_{number}", f"painted class {number} on, off")  # type: ignore[arg-type]
        for number in range(1, 10)
    ),
    Key((ord("0"),), "0", "all_classes", "paint all classes, or only those of the settings"),
    Key((ord("m"),), "m", "smoothing", "smoothing over time on, off"),
    Key((ord("b"),), "b", "backend", "next engine that works"),
    Key((ord("n"),), "n", "network", "next network"),
    Key((ord("i"),), "i", "line", "rate, latency and engine on, off"),
    Key((ord("l"),), "l", "legend", "list of visible classes on, off"),
    Key((ord("p"),), "p", "snapshot", "save picture, mask and what made them"),
    Key((ord("w"),), "w", "record", "write a video on, off"),
    Key((ord("s"),), "s", "segment", "Segment (pictures)"),
    Key((ord("r"),), "r", "restart", "Restart with the next picture (pictures)"),
    Key((ord("h"),), "h", "help", "this help on, off"),
)


def action_of(code: int) -> Action | None:
    """What a key code from cv2.pollKey means, None for no key or one without meaning."""
    return next((key.action for key in KEYS if code & 0xFF in key.codes), None) if code >= 0 else None


def help_rows() -> list[tuple[str, str]]:
    """Keys and their texts, the nine class keys in one row."""
    rows = [(key.label, key.text) for key in KEYS if not key.action.startswith("class_")]
    rows.insert(7, ("1 .. 9", "painted class 1 .. 9 on, off"))
    return rows


def changed(view: View, action: Action) -> View:
    """The view after a key; the same view where the key does not concern it.

    Args:
        view: the view before.
        action: what the key does.
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
            return replace(view, smooth=0.0 if view.smooth else view.usual_smooth)
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
