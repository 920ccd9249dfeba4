"""Turn a PyTorch network into a file this program runs: ONNX, card and golden scores.

The network is one of torchvision's (deeplabv3_mobilenet_v3_large, deeplabv3_resnet50, deeplabv3_resnet101,
lraspp_mobilenet_v3_large), whose weights are downloaded, or a checkpoint of `app.py train`. At the end every engine of
this machine is held to PyTorch's scores, as by `app.py verify`; exit code 1 where one is wrong.

examples:
  app.py export deeplabv3_mobilenet_v3_large
  app.py export run/network.pt --out models/mine.onnx --half
  app.py export first/network.pt --average-with second/network.pt --out models/mine.onnx
  app.py export deeplabv3_mobilenet_v3_large --size 448 --with-aux --opset 11 --out labview.onnx
  app.py export deeplabv3_resnet50 --torchscript --out deeplabv3_scripted.pt --image deeplab.jpg
  app.py export deeplabv3_resnet50 --torchscript --int8 --calibrate pictures/ --out deeplabv3_int8.pt
"""

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.errors import UsageError, as_typed
from deeplab_cv.machine import interrupts
from deeplab_cv.machine.program import program

if TYPE_CHECKING:
    from deeplab_cv.frames.pixels import Image
    from deeplab_cv.networks.card import Card
    from deeplab_cv.pytorch.exporting.torchscript_int8 import AgainstFloat
    from deeplab_cv.pytorch.exporting.weights import TrainedNetwork
    from deeplab_cv.tools.verify import Scorer

_INT8_FRAMES = 32
"""Half of them calibrate, which takes seconds a picture."""

_USABLE = 0.8
"""Mean IoU with the float labels; more than nine tenths of the pixels agree long before, being background."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `export`."""
    parser.add_argument(
        "network", metavar="NAME|CHECKPOINT", help=f"an architecture, or a .pt file of `{program()} train`"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="ONNX file to write (default: models/NAME.onnx)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file of that name")
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--weights", metavar="FILE", type=Path, help="state_dict for the architecture NAME")
    weights.add_argument(
        "--average-with",
        metavar="CHECKPOINT",
        nargs="+",
        type=Path,
        help="the mean of these trainings' weights and its",
    )
    weights.add_argument("--random", action="store_true", help="random weights, for tests")
    parser.add_argument("--seed", type=int, default=0, help="seed of --random (default: 0)")
    parser.add_argument(
        "--classes", default="voc", help="with --weights or --random: voc, or a file with one class name a line"
    )
    parser.add_argument(
        "--pixels",
        type=_sides,
        metavar="SIDE[,SIDE...]",
        help="sides of the squares whose area the input has (default: what it was trained for); a live picture, or "
        "--target-fps, takes the largest that is fast enough",
    )
    parser.add_argument("--half", action="store_true", help="store weights as float16: half the size")
    parser.add_argument("--opset", type=int, default=13, choices=range(11, 18), metavar="11..17", help="default: 13")
    parser.add_argument("--data", default="", help="what it was trained on, for the card")
    parser.add_argument("--licences", default="", help="terms of weights and data, for the card")
    other = parser.add_argument_group("for other programs")
    other.add_argument(
        "--size", type=int, help="one fixed size, normalised input, scores of that size (LabVIEW: --size 448)"
    )
    other.add_argument("--with-aux", action="store_true", help="with --size: the second head's scores as `aux`")
    other.add_argument("--torchscript", action="store_true", help="a TorchScript file in place of ONNX")
    other.add_argument("--mobile", action="store_true", help="with --torchscript: for the mobile interpreter (.ptl)")
    other.add_argument(
        "--image",
        metavar="FILE",
        type=Path,
        help="with --torchscript: run the file on this picture and write the labels beside it, painted as the iOS "
        "tutorial does",
    )
    other.add_argument("--int8", action="store_true", help="with --torchscript: static quantisation; needs --calibrate")
    other.add_argument("--calibrate", metavar="DIR|VIDEO", help="with --int8: your own frames, some 30 of which count")


def run(args: argparse.Namespace) -> int:
    """Export, say what was written, then prove it on every engine; 0 if all are right, else 1."""
    if (args.with_aux and args.size is None) or (args.mobile and not args.torchscript):
        raise UsageError("--with-aux goes with --size, --mobile with --torchscript", "the command line", "add it")
    if (args.image or args.int8) and not args.torchscript:
        raise UsageError("--image and --int8 go with --torchscript", "the command line", "add it")
    if args.int8 != (args.calibrate is not None):
        raise UsageError("--int8 goes with --calibrate PICTURES", "the command line", "give both or neither")
    if args.torchscript and (args.size or args.half):
        raise UsageError("--torchscript takes neither --size nor --half", "the command line", "leave them out")
    if args.size and (args.half or args.pixels):
        raise UsageError("--size takes neither --half nor --pixels", "the command line", "leave them out")

    from deeplab_cv.machine.folders import own_models_folder
    from deeplab_cv.networks.card import check_target, without_folders
    from deeplab_cv.pytorch.exporting.weights import with_notes

    suffix = (".ptl" if args.mobile else ".torchscript.pt") if args.torchscript else ".onnx"
    file = args.out or own_models_folder() / f"{Path(args.network).stem}{suffix}"
    check_target(file, Path(f"name{suffix}").suffix, overwrite=args.overwrite)
    if args.image:
        check_target(_painted_file(file), ".png", overwrite=args.overwrite)
    with interrupts.raised():
        trained = with_notes(_trained(args), args.data, args.licences)
        command = without_folders(["app.py", *sys.argv[1:]])
        if args.torchscript:
            _export_torchscript(trained, file, args)
            return 0
        torch_scores = None
        if args.size:
            _export_fixed(trained, file, args, command)
        else:
            torch_scores = _export_own(trained, file, args, command)
        return 0 if _proven(file, torch_scores) else 1


def _export_own(trained: "TrainedNetwork", file: Path, args: argparse.Namespace, command: str) -> "Scorer":
    from deeplab_cv.pytorch.export import ExportPlan, export

    exported = export(trained, ExportPlan(file, args.pixels or (trained.pixels,), args.half, args.opset, command))
    _say_written(file, exported.card)
    print(f"portable form against the trained network: {exported.rewrite_error:.1e} of the greatest score")
    if args.half:
        print(f"weights rounded to float16: {exported.rounding_error:.1e} of the greatest score")
    return exported.torch_scores


def _export_fixed(trained: "TrainedNetwork", file: Path, args: argparse.Namespace, command: str) -> None:
    from deeplab_cv.pytorch.exporting.fixed_size import export_fixed

    _say_written(
        file, export_fixed(trained, file, args.size, with_aux=args.with_aux, opset=args.opset, command=command)
    )


def _export_torchscript(trained: "TrainedNetwork", file: Path, args: argparse.Namespace) -> None:
    from rich.console import Console

    from deeplab_cv.progress import progress_bar
    from deeplab_cv.pytorch.exporting.torchscript import export_torchscript, first_values
    from deeplab_cv.sources.pictures import read_picture
    from deeplab_cv.tools.quantising.frames import frames_of

    picture = read_picture(args.image) if args.image else None
    frames = [frame for _, frame in frames_of(args.calibrate, _INT8_FRAMES)] if args.calibrate else []
    with progress_bar(Console()) as progress, warnings.catch_warnings():
        # torch warns of its own tools and of what int8 may cost, which is measured below.
        warnings.simplefilter("ignore")
        task = progress.add_task("quantising", total=len(frames) * 3 // 2, visible=bool(frames))
        scripted = export_torchscript(
            trained,
            file,
            mobile=args.mobile,
            picture=picture,
            int8_pictures=frames,
            progress=lambda: progress.advance(task),
        )
    print(f"{as_typed(file)}: {file.stat().st_size / 1e6:.1f} MB, {len(trained.classes)} classes")
    if scripted.remark:
        print(scripted.remark)
    print(f"input {tuple(scripted.input.shape)}: {first_values(scripted.input)} ...")
    print(f"out {tuple(scripted.output.shape)}: {first_values(scripted.output)} ...")
    print(f"reloaded against PyTorch: {scripted.error:.1e} of the greatest score")
    if scripted.against_float:
        values = trained.network.state_dict().values()
        print(f"float weights: {sum(value.numel() * value.element_size() for value in values) / 1e6:.1f} MB")
    for engine, against in scripted.against_float.items():
        _say_against_float(engine, against, len(frames) // 2)
    if picture is not None:
        _write_painted(_painted_file(file), scripted.painted)


def _say_against_float(engine: str, against: "AgainstFloat", count: int) -> None:
    """What int8 gains and costs on an engine of torch's; a line where the float file is the better one."""
    print(f"with {engine}, {count} other pictures: {against.int8_ms:.0f} ms each, {against.float_ms:.0f} in float")
    print(f"  labels as in float at {against.agreement:.2%} of the pixels, mean IoU with them {against.miou:.3f}")
    if against.miou < _USABLE:
        print("  these labels are not those of the network: keep the float file, or `quantise` an ONNX file")
    elif against.int8_ms > against.float_ms:
        print("  slower than float here: keep the float file unless its size counts")


def _painted_file(file: Path) -> Path:
    return file.with_suffix(".png")


def _write_painted(file: Path, painted: "Image") -> None:
    import cv2

    from deeplab_cv.sinks.landing import write_whole

    write_whole(file, cv2.imencode(".png", painted)[1].tobytes())
    print(f"{as_typed(file)}: its labels, painted as the tutorial does")


def _proven(file: Path, torch_scores: "Scorer | None") -> bool:
    """Print how every engine of this machine does; whether all are right."""
    from deeplab_cv.networks.opening import open_network
    from deeplab_cv.progress import slow_lines
    from deeplab_cv.tools.verify import verify
    from deeplab_cv.tools.verify_report import print_findings

    network = open_network(file)
    findings = list(verify(network, "auto", [], torch_scores=torch_scores, report=slow_lines()))
    print_findings(network, findings)
    return not any(finding.fault for finding in findings)


def _sides(text: str) -> tuple[int, ...]:
    sides = sorted({int(side) for side in text.split(",")}, reverse=True)
    if sides[-1] < 1:
        raise ValueError(text)
    return tuple(sides)


def _say_written(file: Path, card: "Card") -> None:
    print(f"{as_typed(file)}: {file.stat().st_size / 1e6:.1f} MB, {len(card.classes)} classes")
    print("proven at " + ", ".join(map(str, card.input_sizes)))


def _trained(args: argparse.Namespace) -> "TrainedNetwork":
    from deeplab_cv.networks.uncarded import class_names
    from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
    from deeplab_cv.pytorch.exporting import weights

    if args.average_with:
        return weights.averaged_checkpoints([Path(args.network), *args.average_with])
    if args.network not in ARCHITECTURES:
        return weights.trained_checkpoint(Path(args.network))
    classes = class_names(args.classes)
    if args.random:
        return weights.random_weights(args.network, classes, args.seed)
    if args.weights:
        return weights.weights_file(args.network, args.weights, classes)
    return weights.published_weights(args.network, classes)
