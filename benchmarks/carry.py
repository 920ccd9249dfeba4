"""What doing less costs: mean IoU against the labels of every frame inferred at the largest input.

    python benchmarks/carry.py CLIP.mp4 ... [--frames 100]

A table for smaller inputs, and one for fewer frames inferred. There only frames that were not inferred count, and
classes on a thousandth of the clip or more. "as they were" keeps the last inferred labels without following the motion:
what carrying has to be better than. How many frames --target-fps infers depends on the machine and what else it does.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.frame import Frame, Labels, Scores
from deeplab_cv.networks.network import Network, at_size, fitting_sizes
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sources.video import VideoSource

ECONOMIES = {
    **{f"--carry {every}": PaceOptions(carry=every) for every in (2, 3, 4, 6)},
    **{f"--still {change}": PaceOptions(still=change) for change in (3, 6, 12)},
    "--target-fps 30": PaceOptions(target_fps=30),
}


def scored_frames(
    network: Network, clip: Path, pace: PaceOptions, count: int | None
) -> Iterator[tuple[Frame, Scores, str, float]]:
    """Frame, scores, origin and milliseconds of each frame of a clip, or of its first `count`."""
    with NetworkEngines(network, EngineOptions()) as engines, VideoSource(clip) as source:
        stream = Stream(engines, pace)
        engines.load(source.info.size)
        for frame in islice(iter(source.read, None), count):
            begun_at = time.perf_counter()
            scored = stream.score(frame)
            yield frame, scored.scores, scored.origin, (time.perf_counter() - begun_at) * 1000


def mean_iou(labels: list[Labels], truth: list[Labels], class_count: int) -> float:
    """Mean over the classes that the truth shows on a thousandth of all pixels or more."""
    confusion = np.zeros((class_count, class_count), np.int64)
    for ours, theirs in zip(labels, truth, strict=True):
        pairs = theirs.astype(np.int64) * class_count + ours
        confusion += np.bincount(pairs.ravel(), minlength=class_count**2).reshape(class_count, class_count)
    right = np.diag(confusion)
    shown = confusion.sum(axis=1) >= confusion.sum() / 1000
    return float((right / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1) - right, 1))[shown].mean())


def main() -> None:
    """Print one table for each clip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--frames", type=int, help="so many from each clip's beginning, all without it")
    args = parser.parse_args()
    network = open_network(default_network_file())
    for clip in args.clips:
        every_frame = list(scored_frames(network, clip, PaceOptions(), args.frames))
        size = every_frame[0][0].size
        truth = [labels_at(scores, size, align_corners=False) for _, scores, _, _ in every_frame]
        class_count = len(every_frame[0][1])
        print(f"{clip.name}: {len(truth)} frames")
        print("| input | mIoU | ms |\n|---|---|---|")
        for input_size in fitting_sizes(network.card.input_sizes, size):
            smaller = at_size(network, input_size)
            ran = list(scored_frames(smaller, clip, PaceOptions(), args.frames))
            labels = [labels_at(scores, size, align_corners=False) for _, scores, _, _ in ran]
            ms = np.median([frame_ms for *_, frame_ms in ran])
            print(f"| {input_size} | {mean_iou(labels, truth, class_count):.3f} | {ms:.1f} |", flush=True)
        print(
            "| asked for | inferred | mIoU of the others | mIoU as they were | ms of another | ms of an inferred one |"
        )
        print("|---|---|---|---|---|---|")
        for words, pace in ECONOMIES.items():
            ran = list(scored_frames(network, clip, pace, args.frames))
            inferred_ms = [ms for _, _, origin, ms in ran if origin == "inferred"]
            others = [index for index, (_, _, origin, _) in enumerate(ran) if origin != "inferred"]
            share = f"{len(inferred_ms) / len(ran):.0%}"
            if not others:
                print(f"| {words} | {share} | | | | {np.median(inferred_ms):.1f} |", flush=True)
                continue
            key_of = [max(at for at in range(index + 1) if ran[at][2] == "inferred") for index in others]
            right = [truth[index] for index in others]
            given = mean_iou(
                [labels_at(ran[index][1], size, align_corners=False) for index in others], right, class_count
            )
            kept = mean_iou([truth[index] for index in key_of], right, class_count)
            times = f"{np.median([ran[index][3] for index in others]):.1f} | {np.median(inferred_ms):.1f}"
            print(f"| {words} | {share} | {given:.3f} | {kept:.3f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
