"""Where a long video can be cut so that its parts, each read for itself, have together exactly the frames of the whole.

A part begins at a key frame, from which on it can be decoded. Some frames before it are read once more, to bring what
is remembered of earlier frames (scores that are smoothed or carried) to what it would be in one run.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av.error

from deeplab_cv.sources.decoding import INDEXED_CONTAINERS, picture_stream
from deeplab_cv.sources.standard_input import open_media


@dataclass(frozen=True)
class Part:
    """Some frames of a video, one after another.

    Attributes:
        number: its place among the parts, from 0.
        first: the number of its first frame in the video.
        end: the number of the frame after its last.
        warm: the number of the frame that is read first, at or before `first`.
        warm_pts: the timestamp of that frame; None for the video's first.
        end_pts: the timestamp of the frame after the last; None for the last part.
    """

    number: int
    first: int
    end: int
    warm: int
    warm_pts: int | None
    end_pts: int | None


@dataclass(frozen=True)
class FrameTimes:
    """The frames of a video as its packets tell of them.

    Attributes:
        times: the timestamp of each frame, rising.
        keys: the numbers of frames at which decoding can begin.
        time_base: the unit of timestamps in seconds.
    """

    times: Sequence[int]
    keys: Sequence[int]
    time_base: Fraction


def frame_times_of(path: Path, progress: Callable[[], None]) -> FrameTimes | None:
    """How a video is laid out; None where its packets do not tell exactly which frames will come.

    Args:
        path: the file.
        progress: called after each packet.

    Raises:
        SourceError: it has no pictures.
    """
    try:
        with open_media(path) as container:
            stream = picture_stream(container, path)
            if container.format.name not in INDEXED_CONTAINERS or stream.time_base is None:
                return None
            # Deinterlacing looks at the frames around each.
            if any(frame.interlaced_frame for frame in islice(container.decode(stream), 1)):
                return None
            container.seek(0, stream=stream, backward=True)
            times, keys = [], []
            for packet in container.demux(stream):
                progress()
                if packet.size == 0:
                    continue
                if packet.pts is None or packet.is_corrupt or packet.is_discard:
                    return None
                times.append(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
            time_base = stream.time_base
    except av.error.FFmpegError:
        return None
    order = sorted(set(times))
    if len(order) != len(times):
        return None
    return FrameTimes(order, [bisect_left(order, key) for key in sorted(keys)], time_base)


def cut(frame_times: FrameTimes, part_s: float) -> list[Part]:
    """Parts of about the same length, at least `part_s` seconds long; one where the video is too short or has no key.

    No frame is read before a part begins; see `warmed_up`.
    """
    times = frame_times.times
    if not times:
        return []
    length_s = float((times[-1] - times[0]) * frame_times.time_base)
    wanted = max(1, int(length_s / part_s))
    begins = [0]
    for number in range(1, wanted):
        aim = times[0] + (times[-1] - times[0]) * number // wanted
        place = bisect_left(frame_times.keys, bisect_left(times, aim))
        if place < len(frame_times.keys) and frame_times.keys[place] > begins[-1]:
            begins.append(frame_times.keys[place])
    ends = [*begins[1:], len(times)]
    spans = enumerate(zip(begins, ends, strict=True))
    return [_part(times, number=number, first=first, end=end, warm=first) for number, (first, end) in spans]


def warmed_up(
    frame_times: FrameTimes, parts: Sequence[Part], frames: int, begins: Sequence[int] | None = None
) -> list[Part]:
    """The parts, each read from some frames earlier on.

    Args:
        frame_times: of the video.
        parts: its parts.
        frames: how many frames earlier at least.
        begins: the numbers of the frames at which a reader may begin, rising from 0 on; any where it is None.
    """
    warm = []
    for part in parts:
        at = max(0, part.first - frames)
        if begins is not None:
            at = begins[bisect_left(begins, at + 1) - 1]
        warm.append(_part(frame_times.times, number=part.number, first=part.first, end=part.end, warm=at))
    return warm


def _part(times: Sequence[int], *, number: int, first: int, end: int, warm: int) -> Part:
    warm_pts = times[warm] if warm else None
    end_pts = times[end] if end < len(times) else None
    return Part(number, first=first, end=end, warm=warm, warm_pts=warm_pts, end_pts=end_pts)
