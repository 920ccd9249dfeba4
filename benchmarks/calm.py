"""How calm labels are: what smoothing does to error churn, accuracy, edges and time, as a table of docs/experiments.md.

    python benchmarks/calm.py --data DATA [--list val_video] [--weights 0,0.3,0.6,0.9] [--carry 1]
    python benchmarks/calm.py --data DATA --pictures OUT       some frames of each sequence, plain and smoothed

DATA holds the list as tar shards of frames with masks (`app.py evaluate --sequences`). The milliseconds are those that
the processor spends on smoothing one 720p frame, the first of a clip left out, seen in turns with the weights.
"""

import argparse
import sys
import time
from fractions import Fraction
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.frame import Frame, Scored
from deeplab_cv.frames.pixels import Image, Pixels, resize, to_bgr
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.overlay.look import make_look
from deeplab_cv.overlay.options import picture_options
from deeplab_cv.overlay.styles import paint
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.smoothing import ScoreSmoother
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import Record, read_rgb
from deeplab_cv.tools.evaluating.sequences import evaluate_sequence, sequences_of

HD = Size(1280, 720)
TIMED = 20
SHOWN = 4
"""Frames of each sequence that are shown, one after the other from its middle on."""


def scored_frames(engines: NetworkEngines, frames: list[Record], size: Size | None = None) -> list[Scored]:
    """The frames of a sequence with their scores, at their own size or another."""
    stream = Stream(engines)
    scored = []
    for index, record in enumerate(frames):
        image = to_bgr(read_rgb(record))
        pixels = Pixels(image=image if size is None else resize(image, size))
        scored.append(stream.score(Frame(pixels, index, index, Fraction(1, 25), 0.0)))
    return scored


def smoothing_ms(scored: list[Scored], weight: float) -> float:
    """Median processor milliseconds that smoothing takes a frame."""
    smoother, times_ms = ScoreSmoother(), []
    for each in scored:
        begun = time.process_time()
        smoother.smooth(each, weight)
        times_ms.append((time.process_time() - begun) * 1000)
    return median(times_ms[1:])


def print_table(
    network: Network, engines: NetworkEngines, sequences: dict[str, list[Record]], weights: list[float], carry: int
) -> None:
    """A row for each sequence and weight."""
    first = next(iter(sequences.values()))
    timed = scored_frames(engines, first[:TIMED], HD)
    ms = {weight: smoothing_ms(timed, weight) for weight in weights}
    print("| sequence | smooth | IoU | boundary F | error churn | along the motion | ms a 720p frame |")
    print("|---" * 7 + "|")
    for name, frames in sequences.items():
        found = evaluate_sequence(
            network,
            engines,
            frames,
            name=name,
            pace=PaceOptions(carry=carry),
            weights=weights,
            progress=lambda: None,
        )
        for way in found.ways:
            iou = ", ".join(f"{network.card.classes[label]} {value:.3f}" for label, value in way.iou.items())
            print(
                f"| {name} | {way.smooth:g} | {iou} | {way.boundary_f:.3f} | {way.error_churn:.3f} | "
                f"{way.followed_churn:.3f} | {ms[way.smooth]:.1f} |",
                flush=True,
            )


def write_pictures(out: Path, engines: NetworkEngines, sequences: dict[str, list[Record]], weight: float) -> None:
    """A PNG of each sequence: the rows are frames, plain at the left and smoothed at the right."""
    look = make_look(picture_options(paint="all"), engines.network.card.classes)
    for name, frames in sequences.items():
        smoother, rows = ScoreSmoother(), []
        for index, scored in enumerate(scored_frames(engines, frames)):
            smoothed = smoother.smoothed(scored, weight)
            if 0 <= index - len(frames) // 2 < SHOWN:
                both: list[Image] = [paint(each.frame.image, labels_of(each), look) for each in (scored, smoothed)]
                rows.append(np.hstack(both))
        cv2.imwrite(str(out / f"{name}.png"), np.vstack(rows))


def main() -> None:
    """Print the table, or write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--list", default="val_video")
    parser.add_argument("--weights", default="0,0.3,0.6,0.9")
    parser.add_argument("--carry", type=int, default=1)
    parser.add_argument("--backend", default="openvino:cpu")
    parser.add_argument("--model", type=Path, default=default_network_file())
    parser.add_argument("--pictures", type=Path, metavar="OUT")
    args = parser.parse_args()
    network = open_network(args.model)
    weights = [float(word) for word in args.weights.split(",")]
    with (
        TemporaryDirectory() as masks,
        NetworkEngines(network, EngineOptions(backend=args.backend, threads=1)) as engines,
    ):
        sequences = sequences_of(find_records(args.data, [args.list], network.card.classes, Path(masks)))
        if args.pictures:
            args.pictures.mkdir(parents=True, exist_ok=True)
            write_pictures(args.pictures, engines, sequences, weights[-1] if len(weights) == 1 else 0.6)
        else:
            print_table(network, engines, sequences, weights, args.carry)


if __name__ == "__main__":
    main()
