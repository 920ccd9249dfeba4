"""Train a network on your own pictures, or go on with a training that was stopped.

The data is a folder in VOC layout (JPEGImages, SegmentationClass, ImageSets/Segmentation/train.txt and val.txt), of
tar shards (train-00.tar ... of NAME.webp and NAME.png), of COCO (annotations/instances_train.json) or of Roboflow's
COCO (train/_annotations.coco.json). Masks are 8-bit palette PNGs of labels, 255 = unknown.

examples:
  app.py train --data my-pictures --classes names.txt --out runs/first --minutes 60
  app.py train --data my-pictures --classes names.txt --start models/deeplabv3_lite.onnx --out runs/more --minutes 20
  app.py train --data sheep --classes names.txt --start mine.onnx --only sheep --out runs/sheep --minutes 10
"""

import argparse
import sys
from pathlib import Path

from deeplab_cv.errors import UsageError, as_typed
from deeplab_cv.machine import interrupts
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES, LITE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `train`."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--train-lists", default="train", metavar="NAMES", help="lists to learn from, comma separated")
    parser.add_argument("--val-lists", default="val", metavar="NAMES", help="lists to measure on, comma separated")
    parser.add_argument("--classes", metavar="FILE", help="class names, one per line (default: VOC's 21)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of this training run")
    parser.add_argument("--resume", action="store_true", help="go on with the training in --out")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default=LITE.name)
    parser.add_argument(
        "--only",
        metavar="NAMES",
        help="with --start: the masks show these classes alone; elsewhere keep what that network sees",
    )
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="train this long")
    budget.add_argument("--steps", type=int, help="train this many steps (the same weights each time)")
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="ONNX",
        help="distil from this network of the same classes (input RGB -1..1, scores with aligned corners)",
    )
    parser.add_argument("--teacher-weight", type=float, default=1.0, help="of the teacher's loss (default 1)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--batch-size", type=int, default=8, help="crops per step (default 8)")
    parser.add_argument(
        "--crop-pixels",
        type=int,
        default=288,
        help="a crop's area as a square's side (default 288, which is fast; a network that has learned much gains from "
        "crops as large as --val-pixels)",
    )
    parser.add_argument("--val-pixels", type=int, default=384, help="the same for validation (default 384)")
    parser.add_argument(
        "--learning-rate",
        type=float,
        default=1e-3,
        help="of the head; a tenth of it for what --start has taught (default 0.001)",
    )
    parser.add_argument("--train-all", action="store_true", help="train the early stages, too (twice the time)")
    beginning = parser.add_mutually_exclusive_group()
    beginning.add_argument(
        "--start",
        type=Path,
        metavar="NETWORK",
        help="begin from this network in place of ImageNet: a .pt file of train, or deeplabv3_lite.onnx",
    )
    beginning.add_argument("--from-scratch", action="store_true", help="begin from chance")
    parser.add_argument("--validate-minutes", type=float, default=10.0, help="time between validations (default 10)")
    parser.add_argument("--save-minutes", type=float, default=3.0, help="time between checkpoints (default 3)")
    parser.add_argument("--val-count", type=int, default=150, help="pictures of each but the last validation")
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops (default 1)")
    parser.add_argument("--threads", type=int, default=2, help="processor cores to use (default 2)")


def run(args: argparse.Namespace) -> int:
    """Train, and say where the network lies."""
    from deeplab_cv.networks.card import without_folders
    from deeplab_cv.networks.uncarded import class_names

    for name in (
        "minutes",
        "steps",
        "batch_size",
        "crop_pixels",
        "val_pixels",
        "learning_rate",
        "val_count",
        "threads",
    ):
        value = getattr(args, name)
        if value is not None and value <= 0:
            raise UsageError("a value must be above 0", f"--{name.replace('_', '-')} {value}", "give another one")
    if args.only and args.start is None:
        raise UsageError("--only keeps what an earlier network sees", f"--only {args.only}", "add --start NETWORK")
    classes = class_names(args.classes or "voc")
    if len(set(classes)) != len(classes):
        raise UsageError("class names must be all different", args.classes, "give each class its own")

    # torch takes seconds to import: what is said wrongly is found before.
    from deeplab_cv.pytorch.train import train
    from deeplab_cv.pytorch.training.plan import TrainingPlan
    from deeplab_cv.pytorch.training.schedule import Budget
    from deeplab_cv.pytorch.training.validate import in_words

    plan = TrainingPlan(
        data=args.data,
        train_lists=tuple(args.train_lists.split(",")),
        val_lists=tuple(args.val_lists.split(",")),
        out=args.out,
        classes=classes,
        architecture=args.architecture,
        start=args.start,
        only=tuple(args.only.split(",")) if args.only else (),
        teacher=args.teacher,
        teacher_weight=args.teacher_weight,
        budget=Budget(steps=args.steps, minutes=args.minutes),
        seed=args.seed,
        batch_size=args.batch_size,
        crop_pixels=args.crop_pixels,
        val_pixels=args.val_pixels,
        learning_rate=args.learning_rate,
        freeze_early=not args.train_all,
        pretrained=not args.from_scratch and args.start is None,
        validate_minutes=args.validate_minutes,
        save_minutes=args.save_minutes,
        val_count=args.val_count,
        workers=args.workers,
        threads=min(args.threads, args.batch_size),
        command=without_folders(["app.py", *sys.argv[1:]]),
    )
    with interrupts.raised(interrupts.SOMETHING_TO_SAVE):
        facts = train(plan, resume=args.resume)
        print(f"{in_words(facts.accuracy, plan.only)} after {facts.step} steps: {as_typed(args.out / 'network.pt')}")
        return 0
