"""What plays of a video file that was not written to its end."""

import contextlib
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.video.stream import VideoStream

from deeplab_cv.sinks.index import cut_to_whole_fragments, in_fragments


@dataclass(frozen=True)
class Contents:
    """What plays of a video file.

    Attributes:
        frames: how many pictures it has.
        seconds: how long they last.
        all_seen: the file was read to where it ends; else there is more.
    """

    frames: int
    seconds: float
    all_seen: bool


def playable(path: Path, looks_for_s: float = math.inf) -> Contents | None:
    """What plays of a video file, as far as it can be read in some seconds; None where nothing does.

    What was begun of a next fragment is cut off, at which decoders would stumble.
    """
    if in_fragments(path):
        with contextlib.suppress(OSError):
            cut_to_whole_fragments(path)
    until_s = time.monotonic() + looks_for_s
    frames, shown, all_seen = 0, False, True
    first_s: Fraction | None = None
    end_s = Fraction(0)
    # Where such a file breaks off there is an error, behind all that is in it.
    with contextlib.suppress(av.error.FFmpegError, IndexError), av.open(f"file:{path}") as container:
        stream: VideoStream = container.streams.video[0]
        for packet in container.demux(stream):
            # One picture is proof enough that a decoder finds its way in.
            shown = shown or bool(packet.decode())
            if packet.pts is None or packet.size == 0 or packet.is_corrupt:
                continue
            frames += 1
            begin_s = packet.pts * packet.time_base
            first_s = begin_s if first_s is None else min(first_s, begin_s)
            end_s = max(end_s, begin_s + (packet.duration or 0) * packet.time_base)
            if shown and time.monotonic() > until_s:
                all_seen = False
                break
    if not shown or first_s is None:
        return None
    return Contents(frames, float(end_s - first_s), all_seen)
