"""One table: keys, actions, help text. The window, its help (`h`) and the table of docs/usage.md come from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from deeplab_cv.classes import RGB
from deeplab_cv.overlay.options import Style

Word = Literal[
    "quit",
    "leave",
    "pause",
    "step",
    "earlier",
    "later",
    "fullscreen",
    "next_source",
    "grid",
    "overlay",
    "style",
    "alpha_up",
    "alpha_down",
    "all_classes",
    "smoothing",
    "mirror",
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
"""An action that is named by a word alone."""


@dataclass(frozen=True)
class PaintClass:
    """Paint a class, or paint it no longer.

    Attributes:
        number: its place among the painted classes, counted from 1.
    """

    number: int


@dataclass(frozen=True)
class ShowSource:
    """Show one of several sources alone.

    Attributes:
        place: which one, counted from 0.
    """

    place: int


@dataclass(frozen=True)
class UnknownKey:
    """A key without meaning was pressed.

    Attributes:
        name: what browsers call it.
    """

    name: str


@dataclass(frozen=True, kw_only=True)
class PaintNamed:
    """Paint a class or not, or in another colour, by its name.

    Attributes:
        name: the network's own for it.
        on: it is painted; None leaves it as it is.
        colour: RGB; None leaves it as it is.
    """

    name: str
    on: bool | None = None
    colour: RGB | None = None


@dataclass(frozen=True, kw_only=True)
class SetView:
    """Give what keys change step by step a value at once; None leaves it as it is.

    Attributes:
        style: how labels are painted.
        alpha: opacity of the paint, 0..1.
        smooth: weight of earlier scores, 0 is off.
    """

    style: Style | None = None
    alpha: float | None = None
    smooth: float | None = None


Action = Word | PaintClass | PaintNamed | SetView | ShowSource | UnknownKey
"""What can be asked of a run while it runs."""


@dataclass(frozen=True)
class Key:
    """A key, or keys that belong together, as one row of the help.

    Attributes:
        label: what is printed on it.
        text: what it does, in words.
        actions: what it does, by the name that browsers have for the key (KeyboardEvent.key).
    """

    label: str
    text: str
    actions: Mapping[str, Action]


KEYS = (
    Key("q", "quit", {"q": "quit"}),
    Key("Esc", "leave full screen, or quit", {"Escape": "leave"}),
    Key("space", "pause, go on", {" ": "pause"}),
    Key(".", "one frame further, then pause", {".": "step"}),
    Key(
        "left, right",
        "5 seconds back, on (video files); picture before, next one",
        {"ArrowLeft": "earlier", "ArrowRight": "later"},
    ),
    Key("f, double click", "full screen on, off", {"f": "fullscreen"}),
    Key("Tab, click", "of several sources the next one, or the one clicked on, alone", {"Tab": "next_source"}),
    Key("g", "all sources in a grid", {"g": "grid"}),
    Key("o", "paint on, off", {"o": "overlay"}),
    Key("v", "next style: blend, mask, outline, side by side, blur, replace, cut-out", {"v": "style"}),
    Key("+", "paint more opaque", {"+": "alpha_up", "=": "alpha_up"}),
    Key("-", "paint more transparent", {"-": "alpha_down"}),
    Key("1 .. 9", "painted class 1 .. 9 on, off", {str(number): PaintClass(number) for number in range(1, 10)}),
    Key("0", "paint all classes, or only those of the settings", {"0": "all_classes"}),
    Key("m", "smoothing over time on, off", {"m": "smoothing"}),
    Key("x", "mirror on, off: left and right exchanged", {"x": "mirror"}),
    Key("b", "next engine that works", {"b": "backend"}),
    Key("n", "next network", {"n": "network"}),
    Key("i", "rate, latency and engine on, off", {"i": "line"}),
    Key("l", "list of visible classes on, off", {"l": "legend"}),
    Key("p", "save picture, mask and what made them", {"p": "snapshot"}),
    Key("w", "write a video on, off", {"w": "record"}),
    Key("s", "Segment (--tutorial)", {"s": "segment"}),
    Key("r", "Restart with the next picture (--tutorial)", {"r": "restart"}),
    Key("h, ?, F1", "this help on, off", {"h": "help", "?": "help", "F1": "help"}),
)


def action_of(name: str) -> Action:
    """What a key of this name means."""
    return next((key.actions[name] for key in KEYS if name in key.actions), UnknownKey(name))


def help_rows() -> list[tuple[str, str]]:
    """Keys and their texts."""
    return [(key.label, key.text) for key in KEYS]
