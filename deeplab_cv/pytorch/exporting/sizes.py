"""Which input sizes a network is proven at: for each area one for each aspect of cameras and pictures."""

import math
from collections.abc import Iterable

from deeplab_cv.frames.size import Size

ASPECTS = (1.0, 4 / 3, 16 / 9, 9 / 16, 3 / 4)
"""Width by height: square, old cameras, video, video upright, pictures upright."""


def proven_sizes(sides: Iterable[int], multiple: int) -> tuple[Size, ...]:
    """For each area and aspect the size nearest to both, sides multiples of `multiple`.

    An error of aspect distorts the picture, so it weighs twice an error of area, both as ratios. Small areas may give
    one size for two aspects; it is named once.

    Args:
        sides: areas, each as the side in pixels of a square of that area.
        multiple: what every height and width can be divided by.
    """
    return tuple(dict.fromkeys(_nearest(aspect, side**2, multiple) for side in sides for aspect in ASPECTS))


def _nearest(aspect: float, pixel_budget: int, multiple: int) -> Size:
    # Twice the exact height is enough room for any rounding to multiples.
    tallest = 2 * math.ceil(math.sqrt(pixel_budget / aspect) / multiple)
    candidates = []
    for height in range(multiple, tallest * multiple + 1, multiple):
        for exact in (height * aspect / multiple, pixel_budget / height / multiple):
            for columns in (math.floor(exact), math.ceil(exact)):
                if columns:
                    candidates.append(Size(columns * multiple, height))

    def distance(size: Size) -> float:
        width, height = size
        return 2 * abs(math.log(width / height / aspect)) + abs(math.log(width * height / pixel_budget))

    return min(candidates, key=distance)
