"""A moving test pattern, for machines without a camera and for tests."""

import math
import threading
import time
from fractions import Fraction

import cv2
import numpy as np

from deeplab_cv.frames.frame import Frame, SourceInfo, Span
from deeplab_cv.frames.pixels import Image, Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.source import Source

_SECONDS_PER_ROUND = 4


class PatternSource(Source):
    """Colour gradients, a disc that goes round, and the frame's number.

    Without an end it is like a camera: live, each frame comes at its time and those nobody waits for are lost. With an
    end it is like a clip: so many frames, each of them, as fast as they are taken.
    """

    def __init__(
        self, size: Size = Size(1280, 720), *, rate: Fraction = Fraction(30), end: float | None = None
    ) -> None:
        """Ready for its first frame.

        Args:
            size: of the frames, in pixels.
            rate: frames a second.
            end: when it ends, in seconds; None for never.
        """
        self._background = _gradients(size)
        self._period_s = float(1 / rate)
        self._frames_per_round = max(1, round(_SECONDS_PER_ROUND * rate))
        self._count = None if end is None else max(1, math.ceil(Fraction(end).limit_denominator(1_000_000) * rate))
        self._next = 0
        self._begun_at: float | None = None
        self._closed = threading.Event()
        self.info = SourceInfo(
            name="test pattern",
            size=size,
            frame_rate=rate,
            frame_count=self._count,
            live=end is None,
            time_base=1 / rate,
            span=None if self._count is None else Span(Fraction(0), self._count / rate),
        )

    def read(self) -> Frame | None:
        """The next frame, when it is due if the pattern is live; None at the end."""
        if self._closed.is_set() or self._next == self._count:
            return None
        if self.info.live and not self._wait_until_due():
            return None
        index, self._next = self._next, self._next + 1
        return Frame(Pixels(image=self._draw(index)), index, index, self.info.time_base, time.monotonic())

    def seek(self, time_s: Fraction) -> bool:
        """Go on with the first frame at or after a time, where the pattern has an end and it is before that."""
        if self._count is None:
            return False
        self._next = min(self._count, max(0, math.ceil(time_s / self.info.time_base)))
        return self._next < self._count

    def count_anew(self) -> None:
        """The next frame is the first."""
        if self.info.live:
            self._next, self._begun_at = 0, None

    def close(self) -> None:
        """Wake whoever waits for a frame; there will be none."""
        self._closed.set()

    def _wait_until_due(self) -> bool:
        """Wait for the next frame's time, passing over those that are late; False where the pattern was closed."""
        now = time.monotonic()
        if self._begun_at is None:
            self._begun_at = now
        self._next = max(self._next, int((now - self._begun_at) / self._period_s))
        return not self._closed.wait(max(0.0, self._begun_at + self._next * self._period_s - now))

    def _draw(self, index: int) -> Image:
        image: Image = self._background.copy()
        width, height = self.info.size
        angle = 2 * math.pi * index / self._frames_per_round
        centre = round(width * (0.5 + 0.3 * math.cos(angle))), round(height * (0.5 + 0.3 * math.sin(angle)))
        cv2.circle(image, centre, max(1, min(width, height) // 8), (255, 255, 255), cv2.FILLED, cv2.LINE_AA)
        scale = height / 360
        place = round(12 * scale), height - round(16 * scale)
        cv2.putText(image, str(index), place, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(1, round(2 * scale)))
        return image


def _gradients(size: Size) -> Image:
    """Blue grows to the right, green downwards, red to the left: uint8 (H, W, 3), BGR."""
    across = np.linspace(0, 255, size.width, dtype=np.float32).astype(np.uint8)
    down = np.linspace(0, 255, size.height, dtype=np.float32).astype(np.uint8)
    blue, green = (np.broadcast_to(line, size.hw) for line in (across, down[:, None]))
    return np.asarray(np.stack([blue, green, 255 - blue], axis=-1), np.uint8)
