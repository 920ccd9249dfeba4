"""The tutorial's own picture, deeplab.jpg (400x400): a person, four sheep, and a dog half hidden at the right.

    python -m tests.tutorial_picture PICTURE [NETWORK.onnx]

It is not trained on. The aim: the person is found, at least three of the sheep, with 6 % of the pixels, and half of the
dog. Of each, the inner part that is surely its own is looked at, since no mask was drawn.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.tiny_networks import DOG, PERSON, SHEEP

TUTORIAL_PICTURE = Path(__file__).parents[2] / "shared" / "samples" / "deeplab.jpg"

PERSON_S_TORSO = (slice(175, 240), slice(165, 213))
SHEEP_S_BODIES = (
    (slice(262, 306), slice(76, 113)),
    (slice(258, 300), slice(124, 148)),
    (slice(250, 298), slice(220, 243)),
    (slice(255, 296), slice(274, 326)),
)
DOG_S_HEAD = (slice(300, 319), slice(248, 269))
"""Rows and columns."""


@dataclass(frozen=True)
class Found:
    """What was found of it.

    Attributes:
        person: share of the torso, 0..1.
        sheep: of how many sheep more than half of the body is sheep.
        sheep_share: of all pixels, 0..1.
        dog: share of the head, 0..1.
    """

    person: float
    sheep: int
    sheep_share: float
    dog: float

    @property
    def reaches_the_aim(self) -> bool:
        """All that is to be found is found."""
        return self.person > 0.9 and self.sheep >= 3 and self.sheep_share >= 0.06 and self.dog >= 0.5


def found_in(labels: NDArray[np.uint8]) -> Found:
    """What labels of the picture, uint8 (400, 400), have found."""
    return Found(
        person=float((labels[PERSON_S_TORSO] == PERSON).mean()),
        sheep=sum(bool((labels[body] == SHEEP).mean() > 0.5) for body in SHEEP_S_BODIES),
        sheep_share=float((labels == SHEEP).mean()),
        dog=float((labels[DOG_S_HEAD] == DOG).mean()),
    )


def main() -> None:
    """Print what a network finds."""
    from deeplab_cv import Segmenter

    picture, *network = sys.argv[1:]
    with Segmenter(*network) as segmenter:
        found = found_in(segmenter(picture).labels)
    print(found, "reaches the aim" if found.reaches_the_aim else "misses the aim")


if __name__ == "__main__":
    main()
