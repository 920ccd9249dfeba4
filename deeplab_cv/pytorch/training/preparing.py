"""What a training needs before its first step: lists, completed masks, the teacher's scores, crops."""

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from torch import nn

from deeplab_cv.errors import DataError
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.training.completing import Completion, completed_records
from deeplab_cv.pytorch.training.crops import CropSettings, TrainingCrops
from deeplab_cv.pytorch.training.plan import TrainingPlan
from deeplab_cv.pytorch.training.sampling import BalancedSampler
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import Record, survey_classes

Lists = tuple[list[Record], list[Record]]
"""The records to learn from and those to measure on."""

Earlier = tuple[nn.Module, tuple[str, ...]]
"""A network to begin from, in evaluation mode, and its class names."""


def find_lists(plan: TrainingPlan) -> Lists:
    """The records to learn from and to measure on; raises DataError if a picture is on both lists."""
    masks_folder = plan.out / "coco-masks"
    train_records = find_records(plan.data, plan.train_lists, plan.classes, masks_folder)
    val_records = find_records(plan.data, plan.val_lists, plan.classes, masks_folder)
    both = {record.name for record in train_records} & {record.name for record in val_records}
    if both:
        raise DataError("a picture is on the training and the validation list", min(both), "take it off one of them")
    return train_records, val_records


def complete_masks(
    plan: TrainingPlan, earlier: Earlier, lists: Lists, device: torch.device, progress: Progress
) -> Lists:
    """The lists with masks in RUN/masks that keep what the earlier network sees."""
    network, classes = earlier
    architecture = ARCHITECTURES[plan.architecture]
    completion = Completion(
        network=network,
        architecture=architecture,
        earlier_classes=classes,
        classes=plan.classes,
        only=plan.only,
        pixels=plan.val_pixels,
        device=device,
    )
    task = progress.add_task("completing the masks", total=sum(len(records) for records in lists))
    train_records, val_records = (
        completed_records(records, completion, plan.out / "masks", lambda: progress.advance(task)) for records in lists
    )
    return train_records, val_records


def prepare_crops(
    plan: TrainingPlan, records: list[Record], progress: Progress
) -> tuple[TrainingCrops, npt.NDArray[np.bool_]]:
    """Check every picture and mask, compute the teacher's scores, and set up the crops.

    Returns also which classes the masks show: bool (classes,).
    """
    class_count = len(plan.classes)
    checking = progress.add_task("checking the data", total=len(records))
    rows = []
    for row in survey_classes(records, class_count):
        rows.append(row)
        progress.advance(checking)
    teacher_file = None
    if plan.teacher is not None:
        # openvino is needed for distillation alone.
        from deeplab_cv.pytorch.training.teacher import teacher_scores

        teaching = progress.add_task("asking the teacher", total=len(records))

        def report(done: int) -> None:
            progress.update(teaching, completed=done)

        teacher_file = teacher_scores(plan.teacher, records, class_count, plan.out, report)
    architecture = ARCHITECTURES[plan.architecture]
    settings = CropSettings(plan.crop_pixels, 2 * architecture.input_multiple, architecture.mean)
    presence = np.stack(rows)
    sampler = BalancedSampler(presence, plan.batch_size, plan.seed)
    return TrainingCrops(records, class_count, sampler, settings, teacher_file), np.asarray(presence.any(axis=0))
