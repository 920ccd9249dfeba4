"""The 21 PASCAL VOC classes, their colours, which are painted by default, and how a user names classes."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from deeplab_cv.errors import SettingsError, did_you_mean

VOC_CLASSES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)

IGNORE = 255
"""A mask's value for "unknown": neither learned from nor measured."""

RGB = tuple[int, int, int]

ALL = "all"
"""Stands for every class of a network but the background."""

COLOUR_NAMES: dict[str, RGB] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "silver": (192, 192, 192),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "orange": (255, 165, 0),
    "purple": (128, 0, 128),
    "violet": (238, 130, 238),
    "pink": (255, 192, 203),
    "brown": (165, 42, 42),
    "gold": (255, 215, 0),
    "lime": (0, 255, 0),
    "olive": (128, 128, 0),
    "teal": (0, 128, 128),
    "turquoise": (64, 224, 208),
    "navy": (0, 0, 128),
    "maroon": (128, 0, 0),
}
"""Colours by their CSS names (RGB); only green is the pure one, as dogs are."""

_SAME_THING = (
    ("person", "people", "human", "man", "men", "woman", "women", "pedestrian"),
    ("aeroplane", "airplane", "plane", "aircraft"),
    ("motorbike", "motorcycle"),
    ("bicycle", "bike"),
    ("sofa", "couch"),
    ("tvmonitor", "tv", "television", "monitor", "screen"),
    ("diningtable", "table"),
    ("pottedplant", "plant"),
    ("boat", "ship"),
    ("car", "automobile"),
    ("background", "bg"),
)
"""Names that data sets and people have for one class; in lower case, without spaces."""

_BETWEEN = " \t\r\n,;"
_ITEM = re.compile(
    r"(?P<name>[^\s,;=:#]+)"
    r"(?:\s*[=:]\s*(?P<colour>(?:rgb)?\([^)]*\)|\d+\s*,\s*\d+\s*,\s*\d+|[^\s,;]+)|\s+(?P<hex>#\w+))?",
)
"""A class's name, with `=colour` or a `#colour` behind it."""

_HOW_PAINT_IS_WRITTEN = "classes are written `person dog cat=#ff8800`"

PAINTED_BY_DEFAULT: dict[str, RGB] = {
    "person": (255, 0, 0),
    "dog": (0, 255, 0),
    "sheep": (0, 0, 255),
}
"""The tutorial's three classes in its three pure colours (RGB)."""


def voc_palette(count: int = 256) -> list[RGB]:
    """The colour of each label in PASCAL VOC's own masks (RGB).

    The bits of the label, three at a time, become the high bits of red, green and blue.
    Source: VOCdevkit, VOClabelcolormap.m.
    """
    palette = []
    for label in range(count):
        red = green = blue = 0
        for bit in range(8):
            shift = 3 * bit
            red |= ((label >> shift) & 1) << (7 - bit)
            green |= ((label >> (shift + 1)) & 1) << (7 - bit)
            blue |= ((label >> (shift + 2)) & 1) << (7 - bit)
        palette.append((red, green, blue))
    return palette


def parse_colour(value: object) -> RGB:
    """A colour written `red`, `#ff0000`, `#f00`, `ff0000`, `255,0,0` or as three numbers; RGB, each 0..255.

    Raises ValueError.
    """
    text = str(value).strip().lower().removeprefix("rgb").strip(" ()[]")
    if text in COLOUR_NAMES:
        return COLOUR_NAMES[text]
    digits = text.removeprefix("#")
    try:
        if re.fullmatch("[0-9a-f]{3}", digits) and text != digits:
            digits = "".join(digit * 2 for digit in digits)
        if len(digits) == 6 and "," not in digits:
            red, green, blue = bytes.fromhex(digits)
        else:
            red, green, blue = bytes(int(part) for part in text.split(","))
    except ValueError:
        meant = did_you_mean(text, COLOUR_NAMES)
        raise ValueError(f"{meant} a colour is written red, #ff0000 or 255,0,0".lstrip()) from None
    return red, green, blue


@lru_cache(maxsize=256)
def default_colour(class_name: str) -> RGB:
    """The colour a class is painted in when none is given: the tutorial's three, else VOC's own (RGB)."""
    place = _place(class_name, VOC_CLASSES)
    if place is None:
        return voc_palette()[1 + sum(class_name.encode()) % 255]
    return PAINTED_BY_DEFAULT.get(VOC_CLASSES[place]) or voc_palette()[place]


def parse_paint(value: object) -> dict[str, RGB]:
    """`person dog=#00ff00`, a list of names, or names with colours -> name: colour (RGB). Raises ValueError.

    Names stand as they are written; `resolved_paint` says which classes of a network they are.
    """
    if isinstance(value, str):
        value = _written_paint(value)
    if isinstance(value, list | tuple):
        pairs = [re.split("[=:]", str(item), maxsplit=1) for item in value]
        value = {name.strip(", "): (colour or [None])[0] for name, *colour in pairs}
    if not isinstance(value, Mapping):
        raise ValueError(_HOW_PAINT_IS_WRITTEN)
    if value.get(ALL) is not None:
        raise ValueError(f"{ALL} takes each class's own colour: `{ALL} person=red`")
    return {str(name): parse_colour(colour or default_colour(str(name))) for name, colour in value.items()}


def resolved_paint(paint: Mapping[str, RGB], class_names: Sequence[str]) -> dict[str, RGB]:
    """Names as a user writes them -> the network's own names with their colours (RGB); `all` is all but the background.

    Raises SettingsError for a class that the network does not know, naming the nearest.
    """
    resolved: dict[str, RGB] = {}
    for name, colour in paint.items():
        if name.casefold() == ALL and _place(name, class_names) is None:
            resolved = {each: default_colour(each) for each in class_names[1:]} | resolved
        else:
            resolved[class_names[known_class(name, class_names)]] = colour
    return resolved


def known_class(name: str, class_names: Sequence[str]) -> int:
    """The number of a class, by its name in any case, a usual other name (people, tv, couch) or its number.

    Raises SettingsError for one that a network does not know, naming the nearest.
    """
    place = _place(name, class_names)
    if place is None:
        meant = did_you_mean(name, class_names)
        raise SettingsError("unknown class", name, f"{meant} this network knows {', '.join(class_names)}".lstrip())
    return place


def _place(name: str, class_names: Sequence[str]) -> int | None:
    """The number of a class that is meant; None where it is none of these."""
    if name in class_names:
        return class_names.index(name)
    plain = [_plain(each) for each in class_names]
    written = _plain(name)
    singular = [written.removesuffix(ending) for ending in ("s", "es") if written.endswith(ending)]
    same = [other for group in _SAME_THING if {written, *singular} & set(group) for other in group]
    for word in (written, *singular, *same):
        if word in plain:
            return plain.index(word)
    return int(name) if name.isdecimal() and int(name) < len(class_names) else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def _written_paint(text: str) -> dict[str, str | None]:
    """The names in a text, each with its colour where it has one. Raises ValueError for what is neither."""
    found: dict[str, str | None] = {}
    rest = text.strip(_BETWEEN)
    while rest:
        item = _ITEM.match(rest)
        if item is None:
            raise ValueError(_HOW_PAINT_IS_WRITTEN)
        found[item["name"]] = item["colour"] or item["hex"]
        rest = rest[item.end() :].lstrip(_BETWEEN)
    return found
