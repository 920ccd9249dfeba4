"""Trains a segmentation network: read top to bottom, prepare, step, validate, save."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.machine import interrupts
from deeplab_cv.progress import progress_bar
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.architectures import build_network, early_stages, freeze, normalise
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, facts_of, read_checkpoint, save_checkpoint
from deeplab_cv.pytorch.depthwise import use_quick_depthwise
from deeplab_cv.pytorch.training.crops import batches_from
from deeplab_cv.pytorch.training.log import TrainingLog
from deeplab_cv.pytorch.training.loss import segmentation_loss
from deeplab_cv.pytorch.training.optimizer import build_optimizer, leave_rows, move_average
from deeplab_cv.pytorch.training.plan import TrainingPlan, fingerprint
from deeplab_cv.pytorch.training.precision import fast_dtype
from deeplab_cv.pytorch.training.preparing import check_lists, complete_masks, find_lists, prepare_crops
from deeplab_cv.pytorch.training.replicas import Replicas
from deeplab_cv.pytorch.training.schedule import learning_rate_factor
from deeplab_cv.pytorch.training.start import earlier_network, take_over
from deeplab_cv.pytorch.training.validate import comparison_sheet, evaluate_miou, in_words
from deeplab_cv.tools.data.records import Record
from deeplab_cv.tools.evaluating.accuracy import LabelAccuracy

GRADIENT_NORM = 5.0
STEPS_PER_ROW = 20
SHEET_ROWS = 8


def train(plan: TrainingPlan, *, resume: bool) -> CheckpointFacts:
    """Run a training to the end of its budget, write RUN/network.pt, and return its facts.

    Args:
        plan: what is learned, from what and how long.
        resume: go on from RUN/last.pt; the result is that of a training never stopped.

    Raises:
        DataError, NetworkError, UsageError: something is wrong, which is found before the first step.
    """
    console = Console()
    last_path = plan.out / "last.pt"
    if last_path.exists() and not resume:
        raise UsageError("this folder holds a training", plan.out, "add --resume to go on, or name another folder")
    if resume and not last_path.exists():
        raise UsageError("nothing to resume", last_path, "start without --resume")
    plan.out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with progress_bar(console) as progress:
        earlier = None if plan.start is None else earlier_network(plan.start, plan.architecture)
        lists = find_lists(plan)
        values = check_lists(plan, lists, () if earlier is None else earlier[1], progress)
        if earlier is not None and plan.only:
            lists, values = complete_masks(plan, earlier, lists, device, progress)
        train_records, val_records = lists
        crops = prepare_crops(plan, train_records, values, progress)
        present = np.asarray(values[:, : len(plan.classes)].any(axis=0))
        grown = earlier is not None and not set(plan.classes) <= set(earlier[1])
        like = None if earlier is None else earlier[0].state_dict()
        run = TrainingRun(plan, fingerprint(plan, train_records), device, present, grown=grown, like=like)
        if resume:
            run.restore(last_path)
        elif earlier is not None and plan.start is not None:
            new = run.begin_from(*earlier)
            console.print(f"begun from {plan.start.name}" + (f"; new to it: {', '.join(new)}" if new else ""))
        batches = batches_from(run.step, crops, plan.workers)
        log = TrainingLog(plan.out, plan.classes, run.step if resume else None)
        task = progress.add_task("training", total=1.0)
        validated_at = saved_at = run.seconds()
        losses: list[float] = []
        try:
            while run.share_used() < 1:
                batch = next(batches)
                # A step that is half done would be saved as done, or done twice.
                with interrupts.noted() as stop:
                    losses.append(run.train_step(batch))
                if stop.is_set():
                    raise KeyboardInterrupt
                if run.step % STEPS_PER_ROW == 0:
                    log.add(
                        step=run.step,
                        minutes=run.seconds() / 60,
                        learning_rate=run.learning_rate(),
                        loss=float(np.mean(losses)),
                    )
                    losses.clear()
                    progress.update(task, completed=run.share_used(), description=f"training, step {run.step}")
                if run.seconds() - validated_at > 60 * plan.validate_minutes:
                    run.validate(val_records[: plan.val_count], log, progress)
                    validated_at = run.seconds()
                if run.seconds() - saved_at > 60 * plan.save_minutes:
                    run.save(last_path)
                    saved_at = run.seconds()
        except KeyboardInterrupt:
            run.save(last_path)
            raise
        progress.update(task, completed=1.0)
        run.save(last_path)
        run.save_network(plan.out / "network.pt")
        run.validate(val_records, log, progress)
        run.save_network(plan.out / "network.pt")
    return run.facts()


class TrainingRun:
    """What changes from step to step: weights, their average, optimizer, step, time used."""

    def __init__(
        self,
        plan: TrainingPlan,
        data_key: str,
        device: torch.device,
        present: npt.NDArray[np.bool_],
        *,
        grown: bool,
        like: Mapping[str, Tensor] | None,
    ) -> None:
        """A training before its first step.

        Args:
            plan: what is learned, from what and how long.
            data_key: what the data is known by.
            device: where it is learned.
            present: bool (classes,), which classes the training masks show.
            grown: the network begun from lacks some of the classes.
            like: the weights of the network begun from; None where there is none.
        """
        self.plan, self.data_key, self.device = plan, data_key, device
        self.architecture = ARCHITECTURES[plan.architecture]
        torch.manual_seed(plan.seed)
        network = build_network(plan.architecture, len(plan.classes), pretrained=plan.pretrained, like=like)
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if device.type == "cpu":
            use_quick_depthwise(self.network)
        self.set_training_mode()
        self.replicas = Replicas(self.network, plan.threads if device.type == "cpu" else 1)
        self.averaged = AveragedModel(self.network, multi_avg_fn=move_average, use_buffers=True)
        self.optimizer = build_optimizer(self.network, plan.learning_rate, begun=plan.start is not None, grown=grown)
        # What an earlier network knows of classes that are not in these pictures would only be unlearned.
        self.left_rows = np.flatnonzero(~present).tolist() if plan.start is not None else []
        self.step = 0
        self.seconds_before = 0.0
        self.started = time.monotonic()
        self.accuracy: LabelAccuracy | None = None

    def seconds(self) -> float:
        """Training time used, that of earlier parts of a resumed training included."""
        return self.seconds_before + time.monotonic() - self.started

    def share_used(self) -> float:
        """How much of the budget is used, 0..1."""
        return self.plan.budget.share_used(self.step, self.seconds())

    def learning_rate(self) -> float:
        """The head's learning rate in the last step."""
        return float(self.optimizer.param_groups[-1]["lr"])

    def set_training_mode(self) -> None:
        """Training mode but for what a short training leaves alone: early stages, the backbone's statistics.

        Statistics of a few crops are worse than ImageNet's, and a tenth of the time goes into them. A network begun
        from an earlier one keeps all of its statistics.
        """
        self.network.train()
        if self.plan.freeze_early:
            freeze(early_stages(self.network))
        kept = []
        if self.plan.start is not None:
            kept = list(self.network.modules())
        elif self.plan.freeze_early:
            kept = list(self.network.get_submodule("backbone").modules())
        for module in kept:
            if isinstance(module, nn.BatchNorm2d):
                module.eval()

    def train_step(self, batch: tuple[Tensor, Tensor, Tensor]) -> float:
        """One step of the optimizer; returns the loss. Randomness in the network follows from seed and step."""
        torch.manual_seed(self.plan.seed * 1_000_003 + self.step)
        factor = learning_rate_factor(self.share_used())
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_rate"] * factor
        loss = self.replicas.backward(self.loss, tuple(part.to(self.device, non_blocking=True) for part in batch))
        leave_rows(self.network, self.left_rows)
        nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        self.optimizer.step()
        self.averaged.update_parameters(self.network)
        self.step += 1
        return loss

    def loss(self, network: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """The loss of a batch or of a part of it."""
        pictures, labels, teacher = batch
        dtype = fast_dtype(self.device)
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            scores = network(normalise(pictures, self.architecture))
        return segmentation_loss(scores, labels, teacher, self.plan.teacher_weight)

    def validate(self, records: list[Record], log: TrainingLog, progress: Progress) -> None:
        """Measure the averaged weights, add a row to the log, and paint a few pictures."""
        plan = self.plan
        network, class_count = self.averaged.module, len(plan.classes)
        task = progress.add_task("measuring", total=len(records))
        self.accuracy = evaluate_miou(
            network,
            self.architecture,
            records,
            class_count,
            plan.val_pixels,
            self.device,
            lambda: progress.advance(task),
        )
        progress.remove_task(task)
        log.add(
            step=self.step,
            minutes=self.seconds() / 60,
            miou=self.accuracy.miou,
            pixel_accuracy=self.accuracy.pixel_accuracy,
            **dict(zip(plan.classes, self.accuracy.iou, strict=True)),
        )
        log.draw()
        sheet = comparison_sheet(
            network, self.architecture, records[:SHEET_ROWS], class_count, plan.val_pixels, self.device
        )
        cv2.imwrite(str(plan.out / "val.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
        figures = in_words(self.facts().accuracy, plan.only)
        progress.console.print(
            f"step {self.step}, {self.seconds() / 60:.0f} min: {figures}, {len(records)} pictures", soft_wrap=True
        )

    def facts(self) -> CheckpointFacts:
        """The facts of the weights as they are now."""
        plan = self.plan
        figures: dict[str, float] = {}
        if self.accuracy is not None:
            figures = {"miou": self.accuracy.miou, "pixel_accuracy": self.accuracy.pixel_accuracy}
            figures |= {f"iou_{name}": value for name, value in zip(plan.classes, self.accuracy.iou, strict=True)}
        return CheckpointFacts(
            plan.architecture,
            plan.classes,
            pixels=plan.val_pixels,
            step=self.step,
            minutes=self.seconds() / 60,
            seed=plan.seed,
            command=plan.command,
            accuracy=figures,
        )

    def save(self, path: Path) -> None:
        """Write everything a resumed training needs."""
        training = {
            "data_key": self.data_key,
            "seconds": self.seconds(),
            "network": self.network.state_dict(),
            "averaged_count": int(self.averaged.n_averaged),
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(path, self.facts(), self.averaged.module.state_dict(), training)

    def save_network(self, path: Path) -> None:
        """Write the averaged weights and the facts alone."""
        save_checkpoint(path, self.facts(), self.averaged.module.state_dict())

    def begin_from(self, earlier: nn.Module, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Take over an earlier network's weights; returns the classes it did not have."""
        new = take_over(self.network, self.plan.classes, earlier, classes)
        self.replicas.follow_first()
        self.averaged.module.load_state_dict(self.network.state_dict())
        return new

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint; raises NetworkError if it belongs to another training."""
        content = read_checkpoint(path)
        training: dict[str, Any] | None = content.get("training")
        if training is None or training["data_key"] != self.data_key:
            raise NetworkError(
                "checkpoint belongs to a training with other data or settings",
                path,
                "repeat the arguments it was started with",
            )
        self.network.load_state_dict(training["network"])
        self.replicas.follow_first()
        self.averaged.module.load_state_dict(content["network"])
        self.averaged.n_averaged.fill_(training["averaged_count"])
        self.optimizer.load_state_dict(training["optimizer"])
        self.step = facts_of(content).step
        self.seconds_before = training["seconds"]
        self.started = time.monotonic()
