"""What a training needs before its first step: lists, completed masks, the teacher's scores, crops."""

from collections.abc import Collection

import numpy as np
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
from deeplab_cv.tools.data.records import Record
from deeplab_cv.tools.data.survey import Values, check_shown, survey

Lists = tuple[list[Record], list[Record]]
"""The records to learn from and those to measure on."""

Earlier = tuple[nn.Module, tuple[str, ...]]
"""A network to begin from, in evaluation mode, and its class names."""


def find_lists(plan: TrainingPlan) -> Lists:
    """The records to learn from and to measure on; raises DataError if a picture is on both lists."""
    masks_folder = plan.out / "coco-masks"
    train_records = find_records(plan.data, plan.train_lists, plan.classes, masks_folder)
    val_records = find_records(plan.data, plan.val_lists, plan.classes, masks_folder)
    names, pictures = {record.name for record in train_records}, {record.picture for record in train_records}
    both = [record.name for record in val_records if record.name in names or record.picture in pictures]
    if both:
        raise DataError("a picture is on the training and the validation list", min(both), "take it off one of them")
    return train_records, val_records


def check_lists(plan: TrainingPlan, lists: Lists, known: Collection[str], progress: Progress) -> Values:
    """Check every picture and mask of both lists, and say which classes cannot be learned from them.

    Args:
        plan: of the training.
        lists: what is checked.
        known: the classes of the network that is begun from, which need not be learned.
        progress: has a task for each list.

    Returns:
        bool (training pictures, 256), the values of each mask.

    Raises:
        DataError: a picture or mask is wrong, or no training mask shows any class.
    """
    train_records, val_records = lists
    values = _surveyed(plan, train_records, "checking the data", progress)
    wanted = plan.only or [name for name in plan.classes if name not in known]
    check_shown(values, train_records, plan.classes, wanted)
    _surveyed(plan, val_records, "checking what is measured on", progress)
    return values


def _surveyed(plan: TrainingPlan, records: list[Record], what: str, progress: Progress) -> Values:
    task = progress.add_task(what, total=len(records))
    rows = []
    for row in survey(records, len(plan.classes)):
        rows.append(row)
        progress.advance(task)
    return np.stack(rows)


def complete_masks(
    plan: TrainingPlan, earlier: Earlier, lists: Lists, device: torch.device, progress: Progress
) -> tuple[Lists, Values]:
    """The lists with masks in RUN/masks that keep what the earlier network sees.

    Returns also the values of the masks to learn from: bool (training pictures, 256).
    """
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
    count = sum(len(records) for records in lists)
    name = "the earlier network" if plan.start is None else plan.start.name
    # On two cores each picture takes seconds.
    progress.console.print(f"labelling {count} pictures with {name}, once")
    task = progress.add_task("labelling", total=count)
    train_records, val_records = (
        completed_records(records, completion, plan.out / "masks", lambda: progress.advance(task)) for records in lists
    )
    return (train_records, val_records), _surveyed(plan, train_records, "checking the masks", progress)


def prepare_crops(plan: TrainingPlan, records: list[Record], values: Values, progress: Progress) -> TrainingCrops:
    """Compute the teacher's scores and set up the crops.

    Args:
        plan: of the training.
        records: to learn from.
        values: bool (pictures, 256), those of their masks.
        progress: has a task for the teacher.
    """
    class_count = len(plan.classes)
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
    sampler = BalancedSampler(values[:, :class_count], plan.batch_size, plan.seed)
    return TrainingCrops(records, class_count, sampler, settings, teacher_file)
