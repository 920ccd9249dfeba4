"""At what size a teacher sees a picture: about the picture's shape, the area it was made for."""

import math

from deeplab_cv.frames.size import Size

ASPECTS = (1.0, 4 / 3, 3 / 2, 16 / 9, 9 / 16, 2 / 3, 3 / 4)
"""Width by height: most photographs have one of these. Each takes the memory of one network."""

SIDE_STEP = 16
"""TensorFlow's networks want sides of a multiple of 16 and one, such as 513."""


def teacher_size(picture: Size, own: Size) -> Size:
    """The size of about the teacher's own area and the picture's aspect, in whole steps from the teacher's own sides.

    Args:
        picture: the size of the whole picture.
        own: what the teacher was made for.
    """

    def distance(aspect: float) -> float:
        return abs(math.log(aspect * picture.height / picture.width))

    aspect = min(ASPECTS, key=distance)
    side = math.sqrt(own.width * own.height)
    return Size(
        _side_near(side * math.sqrt(aspect), own.width),
        _side_near(side / math.sqrt(aspect), own.height),
    )


def _side_near(wanted: float, own: int) -> int:
    rest = own % SIDE_STEP
    return max(1, round((wanted - rest) / SIDE_STEP)) * SIDE_STEP + rest
