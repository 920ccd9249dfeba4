"""The sound of a live source, as it comes: kept for the last seconds, for who records or sends the source."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOUND_RATE = 48_000
"""Samples a second; sound of another rate is brought to this one."""

Samples = NDArray[np.float32]
"""Sound in stereo: float32 (2, N), -1..1."""


@dataclass(frozen=True)
class SoundPiece:
    """A piece of sound.

    Attributes:
        number: counts pieces.
        at_s: when its first sample sounds, `time.monotonic()` as the source's frames are dated.
        samples: what sounds.
    """

    number: int
    at_s: float
    samples: Samples

    @property
    def end_s(self) -> float:
        """When its last sample is over."""
        return self.at_s + len(self.samples[0]) / SOUND_RATE


_LATE = SOUND_RATE // 10
"""Samples by which sound may be early or late before it is moved: senders' clocks tremble."""

_MOST_SILENCE = 60 * SOUND_RATE


def in_step(samples: Samples, early: int) -> Samples:
    """Sound as it follows what was written before it: cut where it is early, after silence where it is late.

    Players lose step at gaps.

    Args:
        samples: what sounds next.
        early: samples by which what was written reaches beyond its beginning; below 0 for a gap.
    """
    if early > _LATE:
        return samples[:, early:]
    if early < -_LATE:
        silence = np.zeros((2, min(-early, _MOST_SILENCE)), np.float32)
        return np.concatenate([silence, samples], axis=1)
    return samples


class LiveSound:
    """Hands the newest sound from the thread that reads a source to those that record or send it.

    Attributes:
        wanted: somebody takes it; until then none is decoded.
        there: the source's newest connection has sound.
    """

    def __init__(self) -> None:
        """Nobody wants it yet."""
        self.wanted = False
        self.there = False
        self._keeps_s = 0.0
        self._number = 0
        self._pieces: deque[SoundPiece] = deque()
        self._lock = threading.Lock()

    def want(self, keeps_s: float) -> None:
        """Keep the sound of so many seconds from now on, for all who want some."""
        self._keeps_s = max(self._keeps_s, keeps_s)
        self.wanted = True

    def put(self, samples: Samples, at_s: float) -> None:
        """Add the next piece; see SoundPiece."""
        with self._lock:
            self._number += 1
            self._pieces.append(SoundPiece(self._number, at_s, samples))
            while self._pieces[0].end_s < at_s - self._keeps_s:
                self._pieces.popleft()

    def after(self, number: int) -> list[SoundPiece]:
        """The pieces that are kept and come after one, in order."""
        with self._lock:
            return [piece for piece in self._pieces if piece.number > number]
