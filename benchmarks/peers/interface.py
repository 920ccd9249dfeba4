"""What every peer has in common: its words, its stopwatch and its last line.

    python PEER.py --video IN.mp4 --model NETWORK.onnx [--out OUT.mp4] [--size 448x448] [--seconds 10]

The last line on stdout is JSON: frames, frames_per_s, processor_ms and stages_ms (a frame each). Counted is from the
second frame on, since the first pays for what is set up once, to the moment the file is closed.
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)

# The tutorial's three: dog green, person red, sheep blue (BGR).
PAINTED = {12: (0, 255, 0), 15: (0, 0, 255), 17: (255, 0, 0)}
CLASS_COUNT = 21


def arguments(description: str | None) -> argparse.Namespace:
    """video, model, out, seconds; size as (width, height); mean and std."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--video", required=True, type=Path)
    parser.add_argument("--model", type=Path, help="ONNX file; tools that bring their own network do without")
    parser.add_argument("--out", type=Path, help="painted video; nothing is written without it")
    parser.add_argument("--size", default="448x448", help="the network's input, WxH")
    parser.add_argument("--mean", type=float, nargs=3, default=IMAGENET_MEAN)
    parser.add_argument("--std", type=float, nargs=3, default=IMAGENET_STD)
    parser.add_argument("--seconds", type=float, default=10, help="stop after this time")
    args = parser.parse_args()
    args.size = tuple(int(side) for side in args.size.split("x"))
    return args


class Stopwatch:
    """Notes what each stage takes: `lap` after each, `next_frame` after each frame."""

    def __init__(self, seconds: float) -> None:
        self.frames = -1
        self._seconds = seconds
        self._stages_s: defaultdict[str, float] = defaultdict(float)
        self._begun = self._lap = time.perf_counter()
        self._processor = time.process_time()

    def lap(self, stage: str) -> None:
        """All since the last lap was this stage."""
        now = time.perf_counter()
        self._stages_s[stage] += now - self._lap
        self._lap = now

    def next_frame(self) -> bool:
        """A frame is done; False when the time is up."""
        self.frames += 1
        if self.frames == 0:
            self._stages_s.clear()
            self._begun, self._processor = time.perf_counter(), time.process_time()
        return time.perf_counter() - self._begun < self._seconds

    def report(self) -> None:
        """Print the figures; to be called when the output is closed."""
        seconds, processor_s = time.perf_counter() - self._begun, time.process_time() - self._processor
        frames = max(1, self.frames)
        figures = {
            "frames": self.frames,
            "frames_per_s": round(frames / seconds, 3),
            "processor_ms": round(processor_s * 1000 / frames, 2),
            "stages_ms": {stage: round(spent * 1000 / frames, 2) for stage, spent in self._stages_s.items()},
        }
        print(json.dumps(figures), flush=True)
