"""How well edges lie: the boundary F-score of each class.

Source: Csurka, Larlus, Perronnin, "What is a good evaluation measure for semantic segmentation?", BMVC 2013: a boundary
pixel is right if one of the other boundary lies within 0.75 % of the picture's diagonal; the F-score of a class is the
mean over the pictures whose mask has it.
"""

import cv2
import numpy as np
import numpy.typing as npt

from deeplab_cv.classes import IGNORE
from deeplab_cv.tools.data.records import Mask

TOLERANCE = 0.0075
"""How far a boundary may be off, as a share of the picture's diagonal."""

_CROSS = np.asarray(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), np.uint8)

Distances = npt.NDArray[np.float32]


def boundary_scores(mask: Mask, labels: Mask, class_count: int) -> npt.NDArray[np.float64]:
    """The F-score of each class's boundary in one picture: float64 (class_count,).

    VOC's masks leave a band of unknown pixels along edges: there the boundary is taken to run in its middle. What lies
    deeper among unknown pixels than the tolerance is not counted.

    Args:
        mask: uint8 (H, W), 255 where unknown.
        labels: uint8 (H, W).
        class_count: how many classes there are.

    Returns:
        NaN for a class that the mask does not have or that fills it.
    """
    scores = np.full(class_count, np.nan)
    known = mask != IGNORE
    if not known.any():
        return scores
    truth, from_known = _without_unknown(mask, known)
    tolerance_px = TOLERANCE * float(np.hypot(*mask.shape))
    counted = from_known <= tolerance_px
    for label in np.unique(mask[known]):
        wanted = _boundary(truth == label) & counted
        if wanted.any():
            scores[label] = _f_score(wanted, _boundary(labels == label) & counted, tolerance_px)
    return scores


def _without_unknown(mask: Mask, known: npt.NDArray[np.bool_]) -> tuple[Mask, Distances]:
    """The mask with each unknown pixel given the nearest known label, and how far that was, in pixels."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label_of = np.zeros(int(nearest.max()) + 1, np.uint8)
    label_of[nearest[known]] = mask[known]
    return label_of[nearest], np.asarray(distance, np.float32)


def _boundary(region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The region's pixels that touch another class; the picture's own edge is none."""
    inside = cv2.erode(region.astype(np.uint8), _CROSS)
    edge: npt.NDArray[np.bool_] = region & (np.asarray(inside) == 0)
    return edge


def _f_score(wanted: npt.NDArray[np.bool_], found: npt.NDArray[np.bool_], tolerance_px: float) -> float:
    if not found.any():
        return 0.0
    precision = float((_distance_to(wanted)[found] <= tolerance_px).mean())
    recall = float((_distance_to(found)[wanted] <= tolerance_px).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _distance_to(edge: npt.NDArray[np.bool_]) -> Distances:
    """The distance of every pixel from the nearest of an edge, in pixels."""
    return np.asarray(cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
