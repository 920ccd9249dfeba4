"""The classes now visible, with their colours and shares. Only the window shows it."""

from collections.abc import Sequence

import cv2

from deeplab_cv.frames.areas import roughly_counted_shares
from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.look import Look
from deeplab_cv.viewer.text import darken, lettering_for

_MOST_ROWS = 10
_UNPAINTED = (128, 128, 128)
_SQUARE = 40
"""Room for a class's square before its name, in pixels at scale 1."""


def draw_legend(
    picture: Image,
    labels: Labels,
    look: Look,
    class_names: Sequence[str],
    *,
    numbered: Sequence[str] = (),
    beside: Size = Size(0, 0),
) -> Image:
    """Draw a list of the classes found in the frame into the upper right corner of a picture; returns the picture.

    Painted classes come first, with their colour; those found but not painted follow with an empty square. Class 0, the
    background, is not listed.

    Args:
        picture: uint8 (H, W, 3), BGR; drawn into.
        labels: uint8 (H, W), of the frame.
        look: how classes are painted.
        class_names: the name behind each label.
        numbered: classes that have a key, in the order of their keys, which stand before their names.
        beside: what is taken of the upper left corner; the list begins below it where both do not fit.
    """
    shares = roughly_counted_shares(labels, len(class_names))
    found = [label for label in range(1, len(class_names)) if shares[label]]
    found.sort(key=lambda label: (label not in look.colours, -shares[label]))
    keys = {name: f"{place} " for place, name in enumerate(numbered[:9], 1)}
    rows = [
        (label, f"{keys.get(class_names[label], '')}{class_names[label]} {_percent(shares[label])}")
        for label in found[:_MOST_ROWS]
    ]
    if not rows:
        return picture
    texts = [text for _, text in rows]
    lettering = lettering_for(picture, texts, beside=_SQUARE)
    margin, row = lettering.margin, lettering.row
    width = row + 2 * margin + max(lettering.width_of(text) for text in texts)
    left = picture.shape[1] - width
    above = beside.height if left < beside.width else 0
    darken(picture, (left, above, width, row * len(rows) + 2 * margin))
    for place, (label, text) in enumerate(rows):
        top = above + margin + place * row
        square = (left + margin, top + row // 6, max(1, row * 2 // 3), max(1, row * 2 // 3))
        if label in look.colours:
            cv2.rectangle(picture, square, look.colours[label][::-1], cv2.FILLED)
        else:
            cv2.rectangle(picture, square, _UNPAINTED, 1)
        lettering.write(picture, text, left + margin + row, top)
    return picture


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "<1%"
