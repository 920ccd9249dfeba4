"""The 21 PASCAL VOC classes, their colours, which are painted by default, and how a user names classes."""

import difflib
from collections.abc import Mapping, Sequence

from deeplab_cv.errors import SettingsError

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

RGB = tuple[int, int, int]

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
    """A colour written `#ff0000`, `255,0,0` or as three numbers; RGB, each 0..255. Raises ValueError."""
    text = str(value).strip(" ()[]")
    try:
        if text.startswith("#") and len(text) == 7:
            red, green, blue = bytes.fromhex(text[1:])
        else:
            red, green, blue = bytes(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError("a colour is written #ff0000 or 255,0,0") from None
    return red, green, blue


def default_colour(class_name: str) -> RGB:
    """The colour a class is painted in when none is given: the tutorial's three, else VOC's own (RGB)."""
    if class_name in PAINTED_BY_DEFAULT:
        return PAINTED_BY_DEFAULT[class_name]
    if class_name in VOC_CLASSES:
        return voc_palette()[VOC_CLASSES.index(class_name)]
    return voc_palette()[1 + sum(class_name.encode()) % 255]


def parse_paint(value: object) -> dict[str, RGB]:
    """`person dog=#00ff00`, a list of names, or names with colours -> name: colour (RGB). Raises ValueError."""
    if isinstance(value, str):
        value = value.split()
    if isinstance(value, list | tuple):
        pairs = [str(item).partition("=") for item in value]
        value = {name.strip(", "): colour or None for name, _, colour in pairs}
    if not isinstance(value, Mapping):
        raise ValueError("classes are written `person dog cat=#ff8800`")
    return {str(name): parse_colour(colour or default_colour(str(name))) for name, colour in value.items()}


def known_class(name: str, class_names: Sequence[str]) -> int:
    """The number of a class. Raises SettingsError for one that a network does not know, naming the nearest."""
    if name in class_names:
        return class_names.index(name)
    nearest = difflib.get_close_matches(name, class_names, n=1)
    meant = f"did you mean {nearest[0]}? " if nearest else ""
    raise SettingsError("unknown class", name, f"{meant}this network knows {', '.join(class_names)}")
