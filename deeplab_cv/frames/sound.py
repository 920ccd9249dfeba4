"""The sound of a live source, as it comes: kept for the last seconds, for who records or sends the source."""

import threading
from collections import deque
from collections.abc import Iterator
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


PACKET = 1024
"""Samples in a packet of AAC."""

PICTURES_COME_WITHIN_S = 5.0
"""A picture comes this much later than its sound at most: it is segmented first."""

_LATE = SOUND_RATE // 10
"""Samples by which sound may be early or late before it is moved: senders' clocks tremble."""

_MOST_SILENCE = 60 * SOUND_RATE


class EvenSound:
    """Sound as it comes -> packets of one length without gaps, at which players lose step.

    Attributes:
        given: samples in the packets until now.
    """

    def __init__(self, packet: int = PACKET) -> None:
        """Nothing has come yet; a packet has so many samples."""
        self.given = 0
        self._packet = packet
        self._waiting: Samples = np.zeros((2, 0), np.float32)

    def packets(self, samples: Samples, time_s: float) -> Iterator[Samples]:
        """The packets that are full with this sound, which begins at a time in seconds.

        It is cut where it is early, and comes after silence where it is late.
        """
        early = self.given + self._waiting.shape[1] - round(time_s * SOUND_RATE)
        if early > _LATE:
            samples = samples[:, early:]
        elif early < -_LATE:
            silence = np.zeros((2, min(-early, _MOST_SILENCE)), np.float32)
            samples = np.concatenate([silence, samples], axis=1)
        self._waiting = np.concatenate([self._waiting, samples], axis=1)
        while self._waiting.shape[1] >= self._packet:
            yield self._taken(self._packet)

    def rest(self) -> Iterator[Samples]:
        """What waits for a packet to be full, where anything does."""
        if self._waiting.shape[1]:
            yield self._taken(self._waiting.shape[1])

    def _taken(self, count: int) -> Samples:
        taken, self._waiting = self._waiting[:, :count], self._waiting[:, count:]
        self.given += count
        return np.ascontiguousarray(taken)


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


class Listener:
    """Takes each piece of a live source's sound once."""

    def __init__(self, sound: LiveSound, keeps_s: float) -> None:
        """Have so many seconds kept until they are taken."""
        sound.want(keeps_s)
        self._sound = sound
        self._number = 0

    @property
    def has_more(self) -> bool:
        """There are pieces that were not taken yet."""
        return bool(self._sound.after(self._number))

    def until(self, at_s: float) -> Iterator[SoundPiece]:
        """The pieces that begin by then, `time.monotonic()`, in order."""
        for piece in self._sound.after(self._number):
            if piece.at_s > at_s:
                return
            self._number = piece.number
            yield piece
