"""One table: keys, actions, help text. The window, its help (`h`) and the table of docs/usage.md come from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Word = Literal[
    "quit",
    "pause",
    "step",
    "overlay",
    "style",
    "alpha_up",
    "alpha_down",
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
"""An action that is named by a word alone."""


@dataclass(frozen=True)
class PaintClass:
    """Paint a class, or paint it no longer.

    Attributes:
        number: its place among the painted classes, counted from 1.
    """

    number: int


Action = Word | PaintClass
"""What can be asked of a run while it runs."""


@dataclass(frozen=True)
class Key:
    """A key, or keys that do one thing, as one row of the help.

    Attributes:
        label: what is printed on it.
        text: what it does, in words.
        actions: what it does, by the code that cv2.pollKey returns for it, lower byte.
    """

    label: str
    text: str
    actions: Mapping[int, Action]


def _key(label: str, action: Action, text: str, characters: str) -> Key:
    return Key(label, text, {ord(character): action for character in characters})


KEYS = (
    _key("q, Esc", "quit", "quit", "q\x1b"),
    _key("space", "pause", "pause, go on", " "),
    _key(".", "step", "one frame further, then pause", "."),
    _key("o", "overlay", "paint on, off", "o"),
    _key("v", "style", "next style: blend, mask, outline, side by side, blur, replace, cut-out", "v"),
    _key("+", "alpha_up", "paint more opaque", "+="),
    _key("-", "alpha_down", "paint more transparent", "-"),
    Key("1 .. 9", "painted class 1 .. 9 on, off", {ord(str(number)): PaintClass(number) for number in range(1, 10)}),
    _key("0", "all_classes", "paint all classes, or only those of the settings", "0"),
    _key("m", "smoothing", "smoothing over time on, off", "m"),
    _key("b", "backend", "next engine that works", "b"),
    _key("n", "network", "next network", "n"),
    _key("i", "line", "rate, latency and engine on, off", "i"),
    _key("l", "legend", "list of visible classes on, off", "l"),
    _key("p", "snapshot", "save picture, mask and what made them", "p"),
    _key("w", "record", "write a video on, off", "w"),
    _key("s", "segment", "Segment (pictures)", "s"),
    _key("r", "restart", "Restart with the next picture (pictures)", "r"),
    _key("h", "help", "this help on, off", "h"),
)


def action_of(code: int) -> Action | None:
    """What a key code from cv2.pollKey means, None for no key or one without meaning."""
    if code < 0:
        return None
    return next((key.actions[code & 0xFF] for key in KEYS if code & 0xFF in key.actions), None)


def help_rows() -> list[tuple[str, str]]:
    """Keys and their texts."""
    return [(key.label, key.text) for key in KEYS]
