"""A video file through PyAV: every frame upright, in right colours, at the exact time the file gives it."""

import math
import threading
import time
from fractions import Fraction
from itertools import chain
from pathlib import Path

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.frame import Frame, SourceInfo, Span
from deeplab_cv.sources.conversion import FrameConverter
from deeplab_cv.sources.cutting import Part
from deeplab_cv.sources.decoding import TimedFrame, VideoDecoder
from deeplab_cv.sources.files import WebFile
from deeplab_cv.sources.source import Source


class VideoSource(Source):
    """The frames of one video file. Where it is damaged, all that can be read comes first and then a SourceError."""

    def __init__(
        self,
        place: Path | WebFile,
        *,
        start: float | None = None,
        end: float | None = None,
        part: Part | None = None,
    ) -> None:
        """Open a video file.

        Args:
            place: the file, here or behind a URL.
            start: seconds from the beginning, as a player counts them.
            end: seconds as well; the frame at that time is left out.
            part: only its frames, with their numbers in the whole video; `start` and `end` are not given then.

        Raises:
            SourceError: there is no such file, it is no video, or nothing of it can be decoded.
            UsageError: `end` comes before `start`.
        """
        if start is not None and end is not None and end <= start:
            raise UsageError("--end is not after --start", f"--start {start:g} --end {end:g}", "give a later --end")
        self._lock = threading.Lock()
        self._decoder = VideoDecoder(place)
        try:
            start_pts = part.warm_pts if part else self._pts_at(start)
            self._end_pts = part.end_pts if part else self._pts_at(end)
            self._frames = self._decoder.frames(start_pts=start_pts, end_pts=self._end_pts)
            first = self._first_frame(start)
            aspect = self._decoder.stream.sample_aspect_ratio
            self._converter = FrameConverter(first[1], aspect, orientation=self._decoder.orientation)
        except BaseException:
            self._decoder.close()
            raise
        self._frames = chain([first], self._frames)
        self._first_pts = first[0]
        self._closed = False
        self._index = part.warm if part else 0
        self.info = SourceInfo(
            name=place.name,
            size=self._converter.size,
            frame_rate=self._decoder.frame_rate,
            frame_count=self._frame_count(start, end),
            live=False,
            time_base=self._decoder.time_base,
            path=place if isinstance(place, Path) else None,
            tracks=isinstance(place, Path) and self._decoder.has_tracks,
            span=Span(self._first_pts * self._decoder.time_base, self._end_s()),
        )

    def read(self) -> Frame | None:
        """The next frame, or None at the end. Raises SourceError after the last readable frame of a damaged file."""
        with self._lock:
            timed = next(self._frames, None)
            if timed is None:
                return None
            pts, decoded = timed
            try:
                pixels = self._converter.pixels_of(decoded)
            except ValueError as error:
                raise SourceError(str(error), self._decoder.place, "convert it to .mp4 with ffmpeg") from error
            index, self._index = self._index, self._index + 1
            return Frame(pixels, index, pts, self._decoder.time_base, time.monotonic())

    def seek(self, time_s: Fraction) -> bool:
        """Go on with the first frame at or after a time; False where there is none.

        Its number is counted as if all frames before it lasted equally long.
        """
        with self._lock:
            self._frames = iter(())
            if self._closed:
                return False
            unit = self._decoder.time_base
            start_pts = max(self._first_pts, math.ceil(time_s / unit))
            frames = self._decoder.frames(start_pts=start_pts, end_pts=self._end_pts)
            try:
                first = next(frames)
            except (StopIteration, SourceError):
                return False
            self._frames = chain([first], frames)
            self._index = round((first[0] - self._first_pts) * unit * self._rate)
            return True

    def close(self) -> None:
        """Let go of the file."""
        self._decoder.stop_waiting()
        with self._lock:
            self._closed = True
            self._frames = iter(())
            self._decoder.close()

    def _pts_at(self, seconds: float | None) -> int | None:
        if seconds is None:
            return None
        exact = Fraction(seconds).limit_denominator(1_000_000)
        return self._decoder.first_pts + math.ceil(exact / self._decoder.time_base)

    @property
    def _rate(self) -> Fraction:
        return self._decoder.stream.average_rate or self._decoder.frame_rate

    def _end_s(self) -> Fraction | None:
        duration_s, unit = self._decoder.duration_s, self._decoder.time_base
        ends = [] if duration_s is None else [self._decoder.first_pts * unit + duration_s]
        if self._end_pts is not None:
            ends.append(self._end_pts * unit)
        return min(ends, default=None)

    def _first_frame(self, start: float | None) -> TimedFrame:
        first = next(self._frames, None)
        if first is not None:
            return first
        place, duration_s = self._decoder.place, self._decoder.duration_s
        if start is None:
            raise SourceError("the video has no frame", place, "give another file")
        lasts = f"it lasts {float(duration_s):.2f} s" if duration_s is not None else "give an earlier --start"
        raise SourceError(f"the video has no frame at or after --start {start:g}", place, lasts)

    def _frame_count(self, start: float | None, end: float | None) -> int | None:
        duration_s, stream = self._decoder.duration_s, self._decoder.stream
        count = stream.frames or (round(duration_s * self._rate) if duration_s is not None else None)
        if count is None or duration_s is None or (start is None and end is None):
            return count
        from_s, to_s = start or 0.0, min(end or math.inf, float(duration_s))
        return max(1, round(count * (to_s - from_s) / float(duration_s)))
