"""Lines of text and buttons over a picture, readable on any background. Only the window shows them."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size

PixelBox = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SCALE_PER_HEIGHT = 1 / 1200
_SMALLEST_SCALE = 0.42
_ROW = 38
"""Height of a row of text at scale 1, in pixels."""
_DARKEN = 0.35
_WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Lettering:
    """How large text is in one picture; scale is that of OpenCV's font."""

    scale: float

    @property
    def row(self) -> int:
        """The height of a row, in pixels."""
        return max(1, round(_ROW * self.scale))

    @property
    def margin(self) -> int:
        """The room around a block of text, in pixels."""
        return max(1, round(_ROW * self.scale / 3))

    def width_of(self, text: str) -> int:
        """How wide a text becomes, in pixels."""
        return int(cv2.getTextSize(text, _FONT, self.scale, 1)[0][0])

    def write(self, picture: Image, text: str, left: int, top: int) -> None:
        """Write a text in white into a row that begins at this point of the picture."""
        baseline = top + round(self.row * 0.72)
        cv2.putText(picture, text, (left, baseline), _FONT, self.scale, _WHITE, 1, cv2.LINE_AA)


def lettering_for(picture: Image, rows: Sequence[str], beside: int = 0) -> Lettering:
    """Lettering that follows the picture's height, smaller where the rows would not fit into the picture.

    Args:
        picture: what it is drawn into.
        rows: the lines of text.
        beside: room to be left beside the text, in pixels at scale 1.
    """
    height, width = picture.shape[:2]
    widest = beside + max((Lettering(1.0).width_of(row) for row in rows), default=0) + _ROW
    return Lettering(min(_usual_scale(picture), width / widest, height / (_ROW * (len(rows) + 1))))


def darken(picture: Image, box: PixelBox) -> None:
    """Darken a part of a picture, in place, so that white text can be read on it; parts outside do not count."""
    left, top, width, height = box
    part = picture[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    if part.size:
        part[:] = cv2.convertScaleAbs(part, alpha=_DARKEN)


def draw_lines(picture: Image, lines: Sequence[str], *, low: bool = False) -> Image:
    """Draw lines of text into the upper left corner of a picture, on a dark translucent box; returns the picture.

    Args:
        picture: uint8 (H, W, 3), BGR; drawn into.
        lines: what follows a tab in a line begins in a second column; long lines are broken.
        low: in the lower left corner instead.
    """
    block = _laid_out(picture, lines)
    if block is None:
        return picture
    rows, lettering, margin, column = block.rows, block.lettering, block.lettering.margin, block.column
    above = max(0, picture.shape[0] - block.size.height) if low else 0
    darken(picture, (0, above, *block.size))
    for place, (first, _, second) in enumerate(rows):
        top = above + margin + place * lettering.row
        lettering.write(picture, first, margin, top)
        lettering.write(picture, second, margin + column, top)
    return picture


def lines_size(picture: Image, lines: Sequence[str]) -> Size:
    """How much of the upper left corner the lines take, in pixels."""
    block = _laid_out(picture, lines)
    return Size(0, 0) if block is None else block.size


@dataclass(frozen=True)
class _Block:
    rows: Sequence[tuple[str, str, str]]
    lettering: Lettering
    column: int
    size: Size


def _laid_out(picture: Image, lines: Sequence[str]) -> _Block | None:
    rows = [part.partition("\t") for line in lines for part in _broken(line, picture)]
    if not rows:
        return None
    indent = max((Lettering(1.0).width_of(first + "  ") for first, tab, _ in rows if tab), default=0)
    lettering = lettering_for(picture, [second if tab else first for first, tab, second in rows], indent)
    margin, column = lettering.margin, round(indent * lettering.scale)
    width = max(column * bool(tab) + lettering.width_of(second if tab else first) for first, tab, second in rows)
    return _Block(rows, lettering, column, Size(width + 2 * margin, lettering.row * len(rows) + 2 * margin))


def draw_buttons(picture: Image, buttons: Sequence[tuple[str, PixelBox]]) -> Image:
    """Draw buttons into a picture: a text in the middle of a dark box with a white border; returns the picture."""
    for text, box in buttons:
        left, top, width, height = box
        darken(picture, box)
        cv2.rectangle(picture, (left, top), (left + width - 1, top + height - 1), _WHITE, 1)
        lettering = Lettering(min(height / (1.6 * _ROW), 0.9 * width / max(1, Lettering(1.0).width_of(text))))
        text_left = left + (width - lettering.width_of(text)) // 2
        lettering.write(picture, text, text_left, top + (height - lettering.row) // 2)
    return picture


def _usual_scale(picture: Image) -> float:
    return max(_SMALLEST_SCALE, _SCALE_PER_HEIGHT * int(picture.shape[0]))


def _broken(line: str, picture: Image) -> list[str]:
    """A line, or its parts where it is wider than the picture; lines with a tab stay whole."""
    lettering = Lettering(_usual_scale(picture))
    width, room = lettering.width_of(line), picture.shape[1] - 2 * lettering.margin
    if width <= room or "\t" in line:
        return [line]
    return textwrap.wrap(line, max(20, len(line) * room // width))
