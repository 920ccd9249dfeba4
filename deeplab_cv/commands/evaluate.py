"""Measure a network: on pictures with masks it never saw, and how calm its labels are on a video.

Everything goes through the program's own tensor, engine and labels, each picture at the proven shape nearest to its
aspect. DIR has one of the layouts of `app.py train`: VOC folder, tar shards or COCO. With --sequences the pictures of
DIR are the frames of videos, segmented in order as a video job does, each object against the rest.

examples:
  app.py evaluate models/deeplabv3_lite.onnx --data my-pictures --html worst.html --plot figures.png
  app.py evaluate mine.onnx --data shards --lists val --backend onnxruntime:cpu --shape 384x384 --json square.json
  app.py evaluate mine.onnx --data my-pictures --write-card "my farm, 120 pictures"
  app.py evaluate mine.onnx --video walk.mp4
  app.py evaluate mine.onnx --data shards --lists val_webcam --only person
  app.py evaluate mine.onnx --data shards --lists val_video --sequences --smooth 0.6
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.errors import UsageError, as_typed
from deeplab_cv.frames.size import stated_size
from deeplab_cv.machine import folders, interrupts
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.machine.program import program
from deeplab_cv.settings import add_settings_arguments, load_settings

if TYPE_CHECKING:
    from deeplab_cv.networks.network import Network
    from deeplab_cv.segmentation.network_engines import NetworkEngines
    from deeplab_cv.segmentation.options import PaceOptions
    from deeplab_cv.tools.evaluate import Evaluation, VideoEvaluation
    from deeplab_cv.tools.evaluating.sequences import SequenceEvaluation

    MakeEngines = Callable[[Network], NetworkEngines]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `evaluate`."""
    parser.add_argument("file", metavar="MODEL", type=Path, help="network file (.onnx)")
    parser.add_argument("--data", metavar="DIR", type=Path, help="folder of pictures with masks")
    parser.add_argument("--lists", metavar="NAMES", default="val", help="its lists, comma separated (default: val)")
    parser.add_argument("--only", metavar="CLASSES", help="count these classes against all the rest, comma separated")
    parser.add_argument("--sequences", action="store_true", help="the lists are videos: frames NAME_00000 and so on")
    parser.add_argument("--carry", metavar="N", help="with --sequences: infer every N-th frame only")
    parser.add_argument("--video", metavar="FILE", help="measure how many labels flip from frame to frame")
    parser.add_argument("--smooth", metavar="0..0.95", help="with videos: weight of earlier scores to compare with")
    parser.add_argument("--shape", metavar="WxH", help="one proven shape for every picture, to compare with")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="IoU and confusion of the classes as a PNG")
    parser.add_argument("--html", metavar="FILE", type=Path, help="the worst pictures as one page")
    parser.add_argument("--worst", metavar="N", type=int, default=20, help="how many of them (default: 20)")
    parser.add_argument("--write-card", metavar="NAME", help="put the figures on the card, under this name of the data")
    add_settings_arguments(parser, only=("network", "engine"))


def run(args: argparse.Namespace) -> int:
    """Measure, print tables, and write what was asked for."""
    if not (args.data or args.video):
        raise UsageError("nothing to measure on", "the command line", "give --data DIR, --video FILE or both")
    if (args.plot or args.html) and not args.data:
        raise UsageError("--plot and --html show pictures with masks", "the command line", "add --data DIR")
    if args.worst < 1:
        raise UsageError("a value must be above 0", f"--worst {args.worst}", "give another one")
    if args.sequences and (not args.data or args.plot or args.html or args.only):
        remedy = "give --data DIR, and leave out --only, --plot and --html"
        raise UsageError("--sequences measures the frames of videos in DIR", "the command line", remedy)
    if args.only and not args.data:
        raise UsageError("--only is for pictures with masks", "the command line", "add --data DIR")
    args.model = str(args.file)
    settings = load_settings(args, folders.config_file()).settings

    from deeplab_cv.networks.card import write_card
    from deeplab_cv.networks.opening import wanted_network
    from deeplab_cv.overlay.view import USUAL_SMOOTHING
    from deeplab_cv.segmentation.network_engines import NetworkEngines
    from deeplab_cv.segmentation.options import PaceOptions
    from deeplab_cv.sinks.landing import check_output, write_whole
    from deeplab_cv.terminal import wide_console
    from deeplab_cv.tools.evaluating import figures

    network = wanted_network(settings.network)
    if args.write_card and not network.verified:
        raise UsageError("the network has no card", args.file, f"write one with `{program()} repair`")
    for target in filter(None, (args.json, args.plot, args.html)):
        check_output(target, [args.file])
    make_engines = partial(NetworkEngines, options=settings.engine)
    with interrupts.raised():
        console, card = wide_console(), network.card
        smooth = settings.labels.smooth or USUAL_SMOOTHING
        sequences: Sequence[SequenceEvaluation] = ()
        if args.sequences:
            pace = PaceOptions(carry=settings.pace.carry)
            sequences = _on_sequences(args, network, make_engines, smooth=smooth, pace=pace)
            figures.print_sequences(console, sequences)
            card = figures.with_sequences(card, sequences, args.write_card or "")
        pictures = _on_pictures(args, network, make_engines) if args.data and not args.sequences else None
        if pictures is not None:
            figures.print_evaluation(console, pictures)
            for target, content in _files(args, pictures):
                write_whole(target, content)
            card = figures.with_accuracy(card, pictures, args.write_card or "")
        video = None
        if args.video:
            video = _on_video(args.video, network, make_engines, smooth)
            figures.print_video(console, video)
            card = figures.with_flicker(card, video)
        if args.json:
            write_whole(args.json, figures.as_json(pictures, video, sequences))
        if args.write_card:
            print(f"the figures are on {as_typed(write_card(card, network.file))}")
        return 0


def _on_pictures(args: argparse.Namespace, network: "Network", make_engines: "MakeEngines") -> "Evaluation":
    from rich.console import Console

    from deeplab_cv.machine.files import private_folder
    from deeplab_cv.progress import progress_bar
    from deeplab_cv.tools.data.layouts import find_records
    from deeplab_cv.tools.evaluate import evaluate

    input_size = stated_size(args.shape, "--shape") if args.shape else None
    # COCO's polygons are drawn as masks into this folder.
    with private_folder() as masks, progress_bar(Console()) as progress:
        records = find_records(args.data, args.lists.split(","), network.card.classes, masks)
        task = progress.add_task("measuring", total=len(records))
        only = _labels_of(args.only.split(","), network.card.classes) if args.only else ()
        return evaluate(
            network, make_engines, records, input_size, args.worst, lambda: progress.advance(task), only=only
        )


def _labels_of(names: Sequence[str], classes: Sequence[str]) -> tuple[int, ...]:
    """The numbers of classes by name. Raises UsageError."""
    for name in names:
        if name not in classes[1:]:
            raise UsageError("the network has no such class", f"--only {name}", f"it has {', '.join(classes[1:])}")
    return tuple(classes.index(name) for name in dict.fromkeys(names))


def _on_sequences(
    args: argparse.Namespace, network: "Network", make_engines: "MakeEngines", *, smooth: float, pace: "PaceOptions"
) -> "list[SequenceEvaluation]":
    from rich.console import Console

    from deeplab_cv.machine.files import private_folder
    from deeplab_cv.networks.network import at_size
    from deeplab_cv.progress import progress_bar
    from deeplab_cv.tools.data.layouts import find_records
    from deeplab_cv.tools.evaluating.sequences import evaluate_sequence, sequences_of

    if args.shape:
        network = at_size(network, stated_size(args.shape, "--shape"))
    with private_folder() as masks, progress_bar(Console()) as progress, make_engines(network) as engines:
        sequences = sequences_of(find_records(args.data, args.lists.split(","), network.card.classes, masks))
        task = progress.add_task("measuring", total=sum(map(len, sequences.values())))
        return [
            evaluate_sequence(
                network,
                engines,
                frames,
                name=name,
                pace=pace,
                weights=(0.0, smooth),
                progress=lambda: progress.advance(task),
            )
            for name, frames in sequences.items()
        ]


def _on_video(file: str, network: "Network", make_engines: "MakeEngines", weight: float) -> "VideoEvaluation":
    from rich.console import Console

    from deeplab_cv.progress import progress_bar
    from deeplab_cv.sources.video import VideoSource
    from deeplab_cv.tools.evaluate import evaluate_video

    with VideoSource(Path(file)) as source, progress_bar(Console()) as progress:
        task = progress.add_task("following pixels", total=source.info.frame_count)
        return evaluate_video(network, make_engines(network), source, weight, lambda: progress.advance(task))


def _files(args: argparse.Namespace, pictures: "Evaluation") -> "list[tuple[Path, bytes]]":
    """The plot and the page, where they are wanted. Raises UsageError where matplotlib is missing."""
    files = []
    if args.plot:
        try:
            from deeplab_cv.tools.evaluating.plot import plot_png
        except ImportError as error:
            remedy = f"{how_to_install('bench')}, or leave out --plot"
            raise UsageError("the plot needs matplotlib", error, remedy) from error
        files.append((args.plot, plot_png(pictures)))
    if args.html:
        from deeplab_cv.tools.evaluating.page import worst_page

        files.append((args.html, worst_page(pictures)))
    return files
