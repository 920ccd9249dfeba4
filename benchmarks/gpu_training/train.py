"""There: short equal trials of the forms, then the long training of the winner; or all forms on the same crops.

    python train.py PREPARED START.pt OUT --packages 3 --forms full,half --trial-seconds 45 --seconds 330
    python train.py PREPARED START.pt OUT --packages 3 --forms full --seconds 330

PREPARED holds what prepare.py makes of each package; those that are missing are waited for. OUT gets FORM.pt (averaged
weights) and log.txt.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from crops import Batch, CropCutter
from forms import FORMS, build_form, measure_norms
from pictures import Pictures, joined
from torch import Tensor, nn
from torch.nn import functional

from deeplab_cv.classes import IGNORE
from deeplab_cv.pytorch.architectures import ARCHITECTURES, normalise
from deeplab_cv.pytorch.training.loss import segmentation_loss
from deeplab_cv.pytorch.training.schedule import learning_rate_factor

ARCHITECTURE = ARCHITECTURES["deeplabv3_lite"]

BATCH_SIZE = 64
LEARNING_RATE = 4.5e-4
"""Twice what a training on a processor learned at, with a quarter of the crops a step."""
BACKBONE_SHARE = 0.67
WEIGHT_DECAY = 0.02
EMA_DECAY = 0.998
TEACHER_WEIGHT = 1.0
VAL_PIXELS = 384
CLASS_WEIGHTS = {
    12: 4,
    17: 4,
    15: 1,
    10: 2,
    13: 2,
    8: 1,
    3: 1.5,
    9: 1.5,
    18: 1.5,
    16: 1.5,
    2: 1.5,
    5: 1.2,
    11: 1.2,
    4: 1,
}
"""How much more often than once a class is drawn: dogs and sheep are what the program paints, chairs what it misses."""
SHARES = {"any": 0.42, "class": 0.33, "animals": 0.10, "person2": 0.10, "person": 0.05}
SCALES = {"train": (0.6, 2.0), "animals": (0.45, 1.5), "person2": (0.5, 1.5), "person": (0.6, 2.0)}
TIMED_AFTER, TIMED_STEPS = 2, 4
"""Steps that show which memory format is faster."""
MEASURED_EVERY = 100
"""Seconds between two measurements on the first pictures of val and val_webcam."""
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
ACCEPTED_LOSS = 0.008
"""A narrower form wins where its mIoU on val is at most this much lower after equal trials."""


class Draw:
    """Which pictures a batch shows."""

    def __init__(self, pictures: Pictures, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.lists = {name: pictures.of(name).numpy() for name in SCALES}
        complete = np.concatenate([self.lists["train"], self.lists["animals"]])
        presence = pictures.presence.numpy()
        self.of_class = {label: complete[presence[complete, label]] for label in range(1, 21)}
        self.of_class = {label: members for label, members in self.of_class.items() if len(members)}
        weights = np.array([CLASS_WEIGHTS.get(label, 1.0) for label in self.of_class])
        self.class_shares = weights / weights.sum()
        self.scales = torch.tensor([SCALES.get(name, (1.0, 1.0)) for name in pictures.lists])

    def indices(self, count: int, shares: Mapping[str, float] = SHARES) -> Tensor:
        """int64 (count,)."""
        chosen = []
        for kind in self.random.choice(list(shares), count, p=list(shares.values())):
            members = self.lists["train"] if kind == "any" else self.lists.get(kind)
            if members is None:
                members = self.of_class[self.random.choice(list(self.of_class), p=self.class_shares)]
            chosen.append(int(self.random.choice(members)))
        return torch.tensor(chosen)


class Training:
    """One network, its average, its optimizer."""

    def __init__(
        self,
        form: str,
        start: dict[str, Tensor],
        pictures: Sequence[Tensor],
        device: torch.device,
        rate: float,
        memory_format: torch.memory_format,
    ) -> None:
        self.form, self.device, self.memory_format = form, device, memory_format
        self.network = build_form(form, start, pictures).to(device, memory_format=memory_format)
        self.averaged = copy.deepcopy(self.network).eval()
        self.values, self.averages = tensors(self.network), tensors(self.averaged)
        self.step = 0
        self.begin_cycle(rate)

    def begin_cycle(self, rate: float) -> None:
        """A new optimizer at a new full rate."""
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.network, backbone=BACKBONE_SHARE, head=1.0),
            lr=rate,
            fused=self.device.type == "cuda",
        )
        self.rate = rate

    def train_step(self, batch: Batch, factor: float) -> Tensor:
        """One step; returns the loss without waiting for it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group["share"] * factor
        self.step += 1
        pictures = normalise(batch.pictures, ARCHITECTURE).contiguous(memory_format=self.memory_format)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            scores = self.network(pictures)
        loss = segmentation_loss(scores, batch.labels, batch.teacher, TEACHER_WEIGHT)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.values, 1 - decay)
        return loss.detach()


def parameter_groups(network: nn.Module, *, backbone: float, head: float) -> list[dict[str, Any]]:
    """What AdamW takes of what is trained: weight decay on convolutions alone; `share` is that of the rate."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((name.startswith("backbone."), parameter.ndim > 1), []).append(parameter)
    return [
        {"params": members, "weight_decay": WEIGHT_DECAY if decays else 0.0, "share": backbone if deep else head}
        for (deep, decays), members in groups.items()
    ]


def tensors(network: nn.Module) -> list[Tensor]:
    """Weights and floating-point buffers."""
    return [value for value in network.state_dict(keep_vars=False).values() if value.is_floating_point()]


def run(
    trainings: Sequence[Training],
    cutter: CropCutter,
    draw: Draw,
    arguments: argparse.Namespace,
    seconds: float,
    log: "Log",
    measure: Callable[[Training], object],
) -> None:
    """Train all on the same crops for a time (or for so many steps), along one cosine."""
    started, losses, step, measured = time.monotonic(), [], 0, 0
    for training in trainings:
        training.network.train()
    while (share := max((time.monotonic() - started) / seconds, step / arguments.most_steps)) < 1:
        indices = draw.indices(arguments.batch_size)
        with torch.no_grad():
            batch = cutter.cut(indices, draw.scales[indices])
        losses.append(torch.stack([training.train_step(batch, learning_rate_factor(share)) for training in trainings]))
        step += 1
        if step % 100 == 0:
            # The queue of the GPU must not run ahead of the clock.
            mean = torch.stack(losses).mean(dim=0).tolist()
            losses.clear()
            rate = step * arguments.batch_size / (time.monotonic() - started)
            log(f"step {step} loss {' '.join(f'{loss:.4f}' for loss in mean)} {rate:.0f} crops/s")
            if time.monotonic() - started > (measured + 1) * MEASURED_EVERY:
                measured += 1
                for training in trainings:
                    save(arguments.out / f"{training.form}-{measured}.pt", training, {})
                    measure(training)
        elif step % 10 == 0 and cutter.device.type == "cuda":
            torch.cuda.synchronize()
    log(f"{step} steps in {time.monotonic() - started:.0f} s")


def evaluate(network: nn.Module, pictures: Pictures, name: str, device: torch.device, most: int) -> dict[str, float]:
    """mIoU and classes' IoU on a list, each picture at its own shape of VAL_PIXELS squared."""
    network.eval()
    confusion = torch.zeros(21 * 21, device=device)
    with torch.inference_mode():
        for index in pictures.of(name)[:most].tolist():
            height, width = pictures.sizes[index].tolist()
            fit = VAL_PIXELS / (height * width) ** 0.5
            size = [max(1, round(side * fit / 16)) * 16 for side in (height, width)]
            rgb = pictures.rgb[index, :, :height, :width][None].to(device).float()
            resized = functional.interpolate(rgb, size=size, mode="bilinear", align_corners=False)
            scores = network(normalise(resized.round(), ARCHITECTURE))
            full = functional.interpolate(scores.float(), size=(height, width), mode="bilinear", align_corners=False)
            labels = pictures.labels[index, :height, :width].to(device).long()
            known = labels != IGNORE
            confusion += torch.bincount(labels[known] * 21 + full.argmax(dim=1)[0][known], minlength=441)
    table = confusion.reshape(21, 21).cpu().double()
    if name == "val_webcam":
        # The masks there know the person alone.
        person = table[15, 15]
        return {"person": (person / (table[15].sum() + table[:, 15].sum() - person)).item()}
    iou = table.diag() / (table.sum(dim=0) + table.sum(dim=1) - table.diag())
    return {"miou": iou.nanmean().item(), "person": iou[15].item(), "dog": iou[12].item(), "sheep": iou[17].item()}


def speed(form: str, start: dict[str, Tensor], pictures: Sequence[Tensor], device: torch.device, name: str) -> float:
    """Steps a second with the pictures laid out so; depthwise convolutions differ a lot in it."""
    training = Training(form, start, pictures, device, 0.0, FORMATS[name])
    training.network.train()
    height, width = pictures[0].shape[2:]
    labels = torch.zeros(len(pictures[0]), height // 4, width // 4, dtype=torch.long, device=device)
    batch = Batch(pictures[0], labels, torch.empty(0, device=device))
    steps, started = 0, time.monotonic()
    while steps < TIMED_AFTER + TIMED_STEPS:
        if steps == TIMED_AFTER:
            started = time.monotonic()
        training.train_step(batch, 0.0).item()
        steps += 1
    return TIMED_STEPS / (time.monotonic() - started)


class Log:
    """Lines with the seconds since the start, on the terminal and in a file."""

    def __init__(self, path: Path) -> None:
        self.path, self.started = path, time.monotonic()

    def __call__(self, text: str) -> None:
        line = f"{time.monotonic() - self.started:6.1f} s  {text}"
        print(line, flush=True)
        with self.path.open("a") as file:
            file.write(line + "\n")


def save(path: Path, training: Training, figures: dict[str, dict[str, float]]) -> None:
    """The averaged weights with what is known of them."""
    weights = {name: value.detach().cpu() for name, value in training.averaged.state_dict().items()}
    torch.save({"form": training.form, "steps": training.step, "figures": figures, "network": weights}, path)


def main() -> None:
    """Trials, choice, training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("start", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--packages", type=int, required=True, help="how many files PREPARED will have")
    parser.add_argument("--forms", default="full,half", help=f"of {', '.join(FORMS)}, the widest first")
    parser.add_argument("--together", action="store_true", help="train all forms to the end, on the same crops")
    parser.add_argument("--trial-seconds", type=float, default=45)
    parser.add_argument("--seconds", type=float, default=330)
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE)
    parser.add_argument("--norm-batches", type=int, default=16, help="that statistics are measured on")
    parser.add_argument("--most-steps", type=int, default=10**9, help="of each part, to try the script")
    parser.add_argument("--most-pictures", type=int, default=10**9, help="measured, to try the script")
    parser.add_argument("--seed", type=int, default=18)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = Log(arguments.out / "log.txt")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # Trying cuDNN's algorithms took a minute for each shape and direction.
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(arguments.seed)
    parts: dict[Path, Pictures] = {}
    while len(parts) < arguments.packages:
        time.sleep(0.1)
        for path in sorted(set(arguments.prepared.glob("*.pt")) - parts.keys()):
            parts[path] = Pictures(**torch.load(path, weights_only=False))
            log(f"{path.name} is here")
    pictures = joined([parts[path] for path in sorted(parts)])
    del parts
    log(f"{len(pictures.lists)} pictures loaded")
    cutter = CropCutter(pictures, device, arguments.seed)
    log(f"on {device}: {torch.cuda.memory_allocated() / 1e9 if device.type == 'cuda' else 0:.1f} GB")
    halves = torch.load(arguments.start, weights_only=True)
    start = {name: value.float() if value.is_floating_point() else value for name, value in halves.items()}
    whole = build_form("full", start).to(device)
    draw = Draw(pictures, arguments.seed)
    drawn = [draw.indices(arguments.batch_size) for _ in range(arguments.norm_batches)]
    fitted_by = [normalise(cutter.cut(indices, draw.scales[indices]).pictures, ARCHITECTURE) for indices in drawn]
    measure_norms(whole, fitted_by)
    start = {name: value.cpu() for name, value in whole.state_dict().items()}
    log("statistics measured")

    def measured(training: Training) -> dict[str, dict[str, float]]:
        figures = {
            name: evaluate(training.averaged, pictures, name, device, arguments.most_pictures)
            for name in ("val", "val_webcam")
        }
        log(f"{training.form} at step {training.step}: " + json.dumps(figures))
        training.network.train()
        return figures

    forms = arguments.forms.split(",")
    rates = {name: speed(forms[0], start, fitted_by, device, name) for name in FORMATS}
    log(f"steps a second: {json.dumps(rates)}")
    memory_format = FORMATS[max(rates, key=lambda name: rates[name])]
    trainings = [Training(form, start, fitted_by, device, LEARNING_RATE, memory_format) for form in forms]
    for training in trainings:
        measured(training)
    if not arguments.together and len(trainings) > 1:
        run(trainings, cutter, Draw(pictures, arguments.seed), arguments, arguments.trial_seconds, log, measured)
        miou = {training: measured(training)["val"]["miou"] for training in trainings}
        accepted = [training for training in trainings if miou[training] >= max(miou.values()) - ACCEPTED_LOSS]
        trainings = accepted[-1:]
        log(f"{trainings[0].form} wins")
        trainings[0].begin_cycle(LEARNING_RATE)
    run(trainings, cutter, Draw(pictures, arguments.seed + 1), arguments, arguments.seconds, log, measured)
    for training in trainings:
        save(arguments.out / f"{training.form}.pt", training, {})
    for training in trainings:
        save(arguments.out / f"{training.form}.pt", training, measured(training))
    log("done")


if __name__ == "__main__":
    main()
