"""What a network is trained to lower: cross-entropy on hand-made masks, and distance to the teacher everywhere."""

import torch
from torch import Tensor
from torch.nn import functional

from deeplab_cv.classes import IGNORE

TEMPERATURE = 2.0
"""Softens both sides of the distillation, so that the teacher's second choices count."""


def segmentation_loss(scores: Tensor, labels: Tensor, teacher: Tensor, teacher_weight: float) -> Tensor:
    """The loss of one batch, a scalar.

    Args:
        scores: float (N, classes, h, w), upsampled here to the labels.
        labels: uint8 (N, H, W), 255 where unknown.
        teacher: scores (N, classes, H, W), NaN where it has none, or empty.
        teacher_weight: of the teacher's part.
    """
    scores = functional.interpolate(scores.float(), size=labels.shape[1:], mode="bilinear", align_corners=False)
    known = labels != IGNORE
    per_pixel = functional.cross_entropy(scores, labels.long(), ignore_index=IGNORE, reduction="none")
    loss = per_pixel.sum() / known.sum().clamp(min=1)
    if teacher.numel():
        loss = loss + teacher_weight * distillation_loss(scores, teacher.float())
    return loss


def distillation_loss(scores: Tensor, teacher: Tensor) -> Tensor:
    """Kullback-Leibler divergence from teacher to network at the temperature, times its square.

    Source: Hinton, Vinyals, Dean, 2015, section 2.
    """
    taught = ~teacher[:, 0].isnan()
    target = functional.softmax(torch.nan_to_num(teacher) / TEMPERATURE, dim=1)
    log_prediction = functional.log_softmax(scores / TEMPERATURE, dim=1)
    per_pixel = functional.kl_div(log_prediction, target, reduction="none").sum(dim=1)
    return TEMPERATURE**2 * (per_pixel * taught).sum() / taught.sum().clamp(min=1)
