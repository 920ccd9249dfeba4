"""A live source's sound in a file, as AAC, which every player of MP4 takes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.sound import SOUND_RATE, Samples, in_step
from deeplab_cv.sinks.muxing import Muxer

_FRAME = 1024
"""Samples in a packet of AAC."""

_KEPT_S = 5.0
"""A picture comes this much later than its sound at most: it is segmented first."""

_WITHOUT_AAC = frozenset({".webm"})
"""Containers that cannot hold it."""


class SoundTrack:
    """Encodes sound as it comes; where none came there is silence, since players lose step at gaps.

    Attributes:
        note: what became of the sound, in words; empty where none came.
    """

    def __init__(self, muxer: Muxer) -> None:
        """Give the file a sound, before its first packet."""
        self._muxer = muxer
        stream = muxer.container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        self._stream = stream
        # The head must not wait for a sound that may begin late.
        muxer.write_head_at_once()
        self._waiting = np.zeros((2, 0), np.float32)
        self._written = 0
        self.note = ""

    def write(self, samples: Samples, time_s: float) -> None:
        """Write sound that begins at a time of the file, in seconds. Raises av.error.FFmpegError, OSError."""
        early = self._written + self._waiting.shape[1] - round(time_s * SOUND_RATE)
        self._waiting = np.concatenate([self._waiting, in_step(samples, early)], axis=1)
        while self._waiting.shape[1] >= _FRAME:
            self._encode(self._waiting[:, :_FRAME])
            self._waiting = self._waiting[:, _FRAME:]

    def finish(self) -> None:
        """Write what waits. Raises as `write` does."""
        if self._waiting.shape[1]:
            self._encode(self._waiting)
        if self._written:
            for packet in self._stream.encode(None):
                self._muxer.write(packet)

    def _encode(self, samples: Samples) -> None:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SOUND_RATE, Fraction(1, SOUND_RATE), self._written
        self._written += samples.shape[1]
        self.note = "sound as AAC"
        for packet in self._stream.encode(frame):
            self._muxer.write(packet)


def keep_sound(source_info: SourceInfo) -> None:
    """Have the sound of a live source kept from now on, for pictures that are still being segmented."""
    if source_info.sound is not None:
        source_info.sound.want(_KEPT_S)


class HeardTrack:
    """What is heard of a live source, in a video file beside its pictures; nothing where there is no sound."""

    def __init__(self, source_info: SourceInfo, muxer: Muxer, suffix: str, zero_at_s: float) -> None:
        """Give the file a sound, before its first packet, where the source has one and the container takes it.

        Args:
            source_info: where pictures and sound come from.
            muxer: writes the file.
            suffix: the extension of the file.
            zero_at_s: when the first picture was captured, `time.monotonic()`: the file begins there.
        """
        keep_sound(source_info)
        sound = source_info.sound
        self._sound = sound if sound is not None and sound.there and suffix.lower() not in _WITHOUT_AAC else None
        self._track = SoundTrack(muxer) if self._sound is not None else None
        self._zero_at_s = zero_at_s
        self._heard = 0

    @property
    def note(self) -> str:
        """What became of the sound, in words; empty where none came."""
        return self._track.note if self._track is not None else ""

    def write_until(self, captured_at: float) -> None:
        """Write what sounded up to this moment, `time.monotonic()`. Raises av.error.FFmpegError, OSError."""
        if self._sound is None or self._track is None:
            return
        for piece in self._sound.after(self._heard):
            if piece.at_s > captured_at:
                return
            self._track.write(piece.samples, piece.at_s - self._zero_at_s)
            self._heard = piece.number

    def finish(self) -> None:
        """Write what waits. Raises as `write_until` does."""
        if self._track is not None:
            self._track.finish()
