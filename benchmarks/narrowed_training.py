"""Narrows the last five blocks of a deeplabv3_lite network, and teaches them what the whole ones gave.

    python benchmarks/narrowed_training.py --data DATA --teacher TEACHER.onnx --out RUN

The projections of the narrower blocks are fitted by least squares (gpu_training/narrowing.py), which leaves little to
learn, so that the rate is a tenth of a usual training's: higher ones undo the fit. What is learned from: masks, the
teacher's scores, the whole network's scores and the features behind its last two stages. Only these stages and the head
are trained. The averaged weights go into RUN/network.pt, which `app.py export` takes; a stopped run goes on. With
--start RUN0/network.pt a narrowed network learns more:

    ... --start RUN0/network.pt --seed 20 --favour dog=4,sheep=2 --imitation 0.5 --rate 1e-4
"""

import argparse
import copy
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent / "gpu_training"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from forms import GRANULARITY, measure_norms
from narrowing import early_features, narrow_stages

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.networks.opening import default_network_file
from deeplab_cv.progress import progress_bar
from deeplab_cv.pytorch.architecture_facts import LITE
from deeplab_cv.pytorch.architectures import build_network, normalise
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, save_checkpoint
from deeplab_cv.pytorch.depthwise import QuickDepthwiseConv2d, use_quick_depthwise
from deeplab_cv.pytorch.training.crops import batches_from
from deeplab_cv.pytorch.training.loss import segmentation_loss
from deeplab_cv.pytorch.training.optimizer import move_average
from deeplab_cv.pytorch.training.plan import TrainingPlan
from deeplab_cv.pytorch.training.preparing import check_lists, find_lists, prepare_crops
from deeplab_cv.pytorch.training.sampling import BalancedSampler
from deeplab_cv.pytorch.training.schedule import Budget, learning_rate_factor
from deeplab_cv.pytorch.training.start import earlier_network
from deeplab_cv.pytorch.training.validate import evaluate_miou

FIT_BATCHES = 16
HEAD_SHARE = 0.4
WEIGHT_DECAY = 0.02
TEMPERATURE = 2.0
FEATURE_WEIGHT = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--train-lists", default="train,person,animals,person2")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.75, help="of the expansions that stays")
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--rate", type=float, default=1.2e-4)
    parser.add_argument("--whole", type=Path, default=default_network_file(), help="what is narrowed and imitated")
    parser.add_argument("--start", type=Path, help="a narrowed network to go on with, in place of a new one")
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--favour", type=favoured, default={}, help="classes to draw more often: dog=4,sheep=2")
    parser.add_argument(
        "--imitation", type=float, default=1.0, help="weight of the whole network's scores and features"
    )
    parser.add_argument("--val-count", type=int, default=150, help="pictures measured every 200 steps")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(18)
    run(args, plan_of(args))


def favoured(text: str) -> dict[int, float]:
    """dog=4,sheep=2 -> how many times as often each of these classes is drawn, by label."""
    return {VOC_CLASSES.index(name): float(times) for name, times in (part.split("=", 1) for part in text.split(","))}


def plan_of(args: argparse.Namespace) -> TrainingPlan:
    return TrainingPlan(
        data=args.data,
        train_lists=tuple(args.train_lists.split(",")),
        val_lists=("val",),
        out=args.out,
        classes=VOC_CLASSES,
        architecture=LITE.name,
        start=args.whole,
        only=(),
        teacher=args.teacher,
        teacher_weight=1.0,
        budget=Budget(steps=args.steps),
        seed=args.seed,
        batch_size=8,
        crop_pixels=384,
        val_pixels=384,
        learning_rate=args.rate,
        freeze_early=True,
        pretrained=False,
        validate_minutes=10,
        save_minutes=3,
        val_count=args.val_count,
        workers=1,
        threads=torch.get_num_threads(),
        command=shlex.join(["python", "benchmarks/narrowed_training.py", *sys.argv[1:]]),
    )


def run(args: argparse.Namespace, plan: TrainingPlan) -> None:
    """Narrow, or take up what was left; train; measure; save."""
    last = plan.out / "last.pt"
    records, val_records = find_lists(plan)
    with progress_bar(Console()) as progress:
        values = check_lists(plan, (records, val_records), plan.classes, progress)
        crops = prepare_crops(plan, records, values, progress)
    crops.sampler = BalancedSampler(values[:, : len(VOC_CLASSES)], plan.batch_size, plan.seed, args.favour)
    whole, _ = earlier_network(args.whole, LITE.name)
    begun: dict[str, Any] | None = torch.load(last, weights_only=True) if last.exists() else None
    if begun is None:
        batches = batches_from(0, crops, plan.workers)
        measure_norms(whole, (pictures_of(batches) for _ in range(FIT_BATCHES)))
        if args.start is None:
            narrow = copy.deepcopy(whole)
            fitted_by = [pictures_of(batches) for _ in range(FIT_BATCHES)]
            narrow_stages(narrow, fitted_by, args.share, short=False, step=GRANULARITY)
            measure_norms(narrow, fitted_by[: FIT_BATCHES // 2])
        else:
            narrow = earlier_network(args.start, LITE.name)[0]
        averaged, step = copy.deepcopy(narrow), 0
    else:
        narrow, averaged = (built(begun[name]) for name in ("narrow", "averaged"))
        whole, step = built(begun["whole"]), begun["step"]
    whole.requires_grad_(False)
    for network in (whole, narrow):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        use_quick_depthwise(network)
    # Batch normalisation keeps its statistics; dilated convolutions take the form that is fast to train.
    for module in narrow.modules():
        if isinstance(module, QuickDepthwiseConv2d):
            module.training = True
    optimizer = optimizer_of(narrow, args.rate)
    if begun is not None:
        optimizer.load_state_dict(begun["optimizer"])
    batches = batches_from(step, crops, plan.workers)
    began_s = time.monotonic()
    while step < args.steps:
        pictures, labels, teacher = next(batches)
        factor = learning_rate_factor(step / args.steps)
        for group in optimizer.param_groups:
            group["lr"] = args.rate * group["share"] * factor
        loss = loss_of(whole, narrow, normalise(pictures, LITE), labels, teacher, args.imitation)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(list(trained(narrow)), 5.0)
        optimizer.step()
        step += 1
        with torch.no_grad():
            move_average(list(averaged.state_dict().values()), list(narrow.state_dict().values()), step)
        if step % 20 == 0:
            print(f"step {step}, loss {loss:.3f}, {time.monotonic() - began_s:.0f} s", flush=True)
        if step % 200 == 0 or step == args.steps:
            states = {"whole": whole, "narrow": narrow, "averaged": averaged}
            content = {name: network.state_dict() for name, network in states.items()}
            torch.save({**content, "optimizer": optimizer.state_dict(), "step": step}, last)
            count = len(val_records) if step == args.steps else plan.val_count
            chosen, device = val_records[:count], torch.device("cpu")
            accuracy = evaluate_miou(averaged, LITE, chosen, 21, plan.val_pixels, device, lambda: None)
            print(f"step {step}, val ({count}) mIoU {accuracy.miou:.4f}", flush=True)
    facts = CheckpointFacts(
        LITE.name,
        plan.classes,
        pixels=plan.val_pixels,
        step=step,
        minutes=(time.monotonic() - began_s) / 60,
        seed=plan.seed,
        command=plan.command,
    )
    save_checkpoint(plan.out / "network.pt", facts, averaged.state_dict())


def pictures_of(batches: Iterator[Any]) -> Tensor:
    pictures: Tensor = next(batches)[0]
    return normalise(pictures, LITE)


def built(weights: dict[str, Tensor]) -> Any:
    network = build_network(LITE.name, len(VOC_CLASSES), like=weights).eval()
    network.load_state_dict(weights)
    return network


def trained(network: Any) -> Iterator[nn.Parameter]:
    """The weights of the last two stages and of the head."""
    for part in (*network.backbone.blocks[5:], network.pyramid, network.skip, network.refine, network.classifier):
        yield from part.parameters()


def optimizer_of(network: Any, rate: float) -> torch.optim.Optimizer:
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    for parameter in trained(network):
        parameter.requires_grad_(True)
    deep = {id(parameter) for parameter in network.backbone.parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in trained(network):
        groups.setdefault((id(parameter) in deep, parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": members,
                "weight_decay": WEIGHT_DECAY if decays else 0.0,
                "share": 1.0 if is_deep else HEAD_SHARE,
            }
            for (is_deep, decays), members in groups.items()
        ],
        lr=rate,
    )


def loss_of(whole: Any, narrow: Any, pictures: Tensor, labels: Tensor, teacher: Tensor, imitation: float) -> Tensor:
    """Masks, teacher, and the whole network: its scores at a temperature of 2 (Hinton et al., 2015), its features."""
    with torch.no_grad():
        shallow, early = early_features(whole, pictures)
        wanted_5, wanted_6, wanted = tail(whole, shallow, early)
    features_5, features_6, scores = tail(narrow, shallow, early)
    own = segmentation_loss(scores, labels, teacher, 1.0)
    likeness = (
        TEMPERATURE**2
        * functional.kl_div(
            functional.log_softmax(scores / TEMPERATURE, 1),
            functional.softmax(wanted / TEMPERATURE, 1),
            reduction="none",
        )
        .sum(dim=1)
        .mean()
    )
    features = sum(
        (got - want).square().mean() / want.var() for got, want in ((features_5, wanted_5), (features_6, wanted_6))
    )
    return own + imitation * (likeness + FEATURE_WEIGHT * features)


def tail(network: Any, shallow: Tensor, early: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What stage 5 and stage 6 give, and the scores."""
    stage_5 = network.backbone.blocks[5](early)
    stage_6 = network.backbone.blocks[6](stage_5)
    return stage_5, stage_6, network.scores(shallow, stage_6)


if __name__ == "__main__":
    main()
