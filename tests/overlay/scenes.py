"""Pictures with labels, and scores that are as sure of these labels as can be."""

from fractions import Fraction

import numpy as np

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import WHOLE_INPUT, Frame, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.overlay.look import Look

DOG, PERSON, SHEEP = 12, 15, 17
RED_GREEN_BLUE = {PERSON: (255, 0, 0), DOG: (0, 255, 0), SHEEP: (0, 0, 255)}


def look(style, **changes):
    return Look(style, **{"colours": RED_GREEN_BLUE, **changes})


def random_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def labels_with_square(height, width, top, left, side, label=PERSON):
    labels = np.zeros((height, width), np.uint8)
    labels[top : top + side, left : left + side] = label
    return labels


def scored_as(image, labels, sure=20.0):
    """A frame with a score for each pixel: `sure` for its label, 0 for all other classes."""
    scores = np.where(np.arange(len(VOC_CLASSES))[:, None, None] == labels, np.float32(sure), np.float32(0))
    frame = Frame(Pixels(image=image), 0, 0, Fraction(1, 25), 0.0)
    return Scored(
        frame,
        scores,
        area=WHOLE_INPUT,
        align_corners=False,
        class_names=VOC_CLASSES,
        made_by="nobody",
        inference_ms=0.0,
    )
