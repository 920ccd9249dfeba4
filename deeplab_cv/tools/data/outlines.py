"""Outlines of COCO annotations as masks of labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deeplab_cv.classes import IGNORE
from deeplab_cv.frames.size import Size
from deeplab_cv.tools.data.records import Mask

Annotation = dict[str, Any]
Encoded = dict[str, Any]
"""A mask in pycocotools' run lengths."""

_FEWEST_NUMBERS = 6
"""Of a polygon: two numbers a point. pycocotools takes four for a box."""


def has_outline(annotation: Annotation) -> bool:
    """Whether an annotation has more than a box: polygons of at least three points, or run lengths."""
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, list):
        return bool(_polygons(segmentation))
    return bool(segmentation.get("counts") if isinstance(segmentation, dict) else segmentation)


def draw_mask(annotations: Sequence[Annotation], labels: dict[str, int], size: Size) -> Mask:
    """Labels uint8 (H, W): large objects first, so that small ones lie on them; crowds are 255.

    CVAT marks every mask drawn with its brush as a crowd. Its annotations have `attributes`, which COCO's own lack.

    Args:
        annotations: of one picture; those without an outline are passed over.
        labels: the label of each category, by its id as text; other categories are background.
        size: of the picture.

    Raises:
        ValueError, TypeError, KeyError: an outline is of no form that COCO knows.
    """
    # Needed for COCO's outlines alone.
    from pycocotools import mask as coco_mask

    outlined: list[tuple[Encoded, int]] = []
    for annotation in filter(has_outline, annotations):
        label = labels.get(str(annotation.get("category_id")))
        if label is not None:
            crowd = annotation.get("iscrowd") and "attributes" not in annotation
            outlined.append((encoded_outline(annotation["segmentation"], size), IGNORE if crowd else label))
    mask = np.zeros((size.height, size.width), np.uint8)
    for encoded, value in sorted(outlined, key=lambda each: -int(coco_mask.area(each[0]))):
        mask[coco_mask.decode(encoded) > 0] = value
    return mask


def encoded_outline(segmentation: Any, size: Size) -> Encoded:
    """An outline in run lengths: of polygons, of one polygon alone, or run lengths as they are.

    Raises:
        ValueError, TypeError, KeyError: it is of no form that COCO knows.
    """
    from pycocotools import mask as coco_mask

    if isinstance(segmentation, list):
        drawn = [_numbers(polygon) for polygon in _polygons(segmentation)]
        return dict(coco_mask.merge(coco_mask.frPyObjects(drawn, size.height, size.width)))
    counts = segmentation["counts"]
    stated = [int(side) for side in segmentation.get("size", size.hw)]
    if stated != list(size.hw):
        raise ValueError(f"its run lengths are for {stated[1]}x{stated[0]}, the picture is {size}")
    if not isinstance(counts, list):
        return {"size": stated, "counts": counts}
    if sum(counts) != size.height * size.width or min(counts) < 0:
        raise ValueError("its run lengths do not fill the picture")
    return dict(coco_mask.frPyObjects({"size": stated, "counts": counts}, *stated))


def _polygons(segmentation: list[Any]) -> list[list[Any]]:
    """Those with three points at least. Some tools write a single polygon without the list round it."""
    polygons = [segmentation] if segmentation and not isinstance(segmentation[0], list) else segmentation
    return [polygon for polygon in polygons if polygon and len(polygon) >= _FEWEST_NUMBERS]


def _numbers(polygon: Sequence[Any]) -> list[float]:
    numbers = [float(number) for number in polygon]
    if len(numbers) % 2 or not np.isfinite(numbers).all():
        raise ValueError("a polygon is no list of x and y")
    return numbers
