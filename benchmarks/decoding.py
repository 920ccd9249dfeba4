"""What decoding takes: H.264 by frames, by slices or in one thread, and MJPEG at reduced size.

    python benchmarks/decoding.py [CLIP.mp4 ...] [--frames 150] [--rounds 4]

Milliseconds of a frame in turns (A B A B), the median round. The MJPEG is the first clip encoded anew. H.264, HEVC, VP9
and AV1 are not here at reduced size, because FFmpeg's decoders for them have none.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import av

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.bench.instruments.turns import Work, costs_in_turns
from deeplab_cv.machine.folders import demo_clip

MJPEG_BITS = 40_000_000


def decoding(clip: Path, count: int, threads: str, reduced: int = 0) -> Callable[[], None]:
    """Decodes a clip's first frames; `threads` as PyAV names them, `reduced`: how often each side is halved."""

    def run() -> None:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.thread_type = threads
            if reduced:
                stream.codec_context.options = {"lowres": str(reduced)}
            for _ in islice(container.decode(stream), count):
                pass

    return run


def write_mjpeg(clip: Path, target: Path, count: int) -> None:
    """The clip's first frames as Motion JPEG, as many cameras give."""
    with av.open(str(clip)) as container, av.open(str(target), "w") as out:
        source = container.streams.video[0]
        stream = out.add_stream("mjpeg", rate=30)
        stream.width, stream.height = source.width, source.height
        stream.pix_fmt, stream.bit_rate = "yuvj420p", MJPEG_BITS
        for number, frame in enumerate(islice(container.decode(source), count)):
            picture = av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuvj420p"), format="yuvj420p")
            picture.pts = number
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="*", default=[demo_clip()])
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    count = arguments.frames
    with TemporaryDirectory() as folder:
        mjpeg = Path(folder) / "mjpeg.avi"
        write_mjpeg(arguments.clips[0], mjpeg, count)
        candidates = {
            f"{clip.name}, {threads}": decoding(clip, count, threads)
            for clip in arguments.clips
            for threads in ("NONE", "FRAME", "SLICE")
        }
        sizes = {0: "whole", 1: "half", 2: "a quarter"}
        candidates |= {f"MJPEG, {name}": decoding(mjpeg, count, "NONE", times) for times, name in sizes.items()}
        costs = costs_in_turns({name: Work(run, count) for name, run in candidates.items()}, arguments.rounds)
    print("| | processor ms | wall ms |\n|---|---|---|")
    for name, rounds in costs.items():
        processor_ms = statistics.median(cost.processor_ms for cost in rounds)
        wall_ms = statistics.median(cost.wall_ms for cost in rounds)
        print(f"| {name} | {processor_ms:.2f} | {wall_ms:.2f} |")


if __name__ == "__main__":
    main()
