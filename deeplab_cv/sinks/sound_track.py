"""A live source's sound in a file: as AAC, which every player of MP4 takes, and in WebM as Opus."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.sound import PACKET, PICTURES_COME_WITHIN_S, SOUND_RATE, EvenSound, Listener, Samples
from deeplab_cv.sinks.muxing import Muxer


@dataclass(frozen=True)
class _Form:
    """How sound is written.

    Attributes:
        encoder: FFmpeg's name of what encodes it.
        name: what users call it.
        packet: samples in a packet.
        interleaved: the encoder takes left and right by turns.
    """

    encoder: str
    name: str
    packet: int
    interleaved: bool


_AAC = _Form("aac", "AAC", PACKET, interleaved=False)
_OPUS = _Form("libopus", "Opus", 960, interleaved=True)


class SoundTrack:
    """Encodes sound as it comes; where none came there is silence, since players lose step at gaps.

    Attributes:
        note: what became of the sound, in words; empty where none came.
    """

    def __init__(self, muxer: Muxer, suffix: str) -> None:
        """Give the file, which has an extension, a sound, before its first packet."""
        self._muxer = muxer
        self._form = _OPUS if suffix.lower() == ".webm" else _AAC
        stream = muxer.container.add_stream(self._form.encoder, rate=SOUND_RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        self._stream = stream
        # The head must not wait for a sound that may begin late.
        muxer.write_head_at_once()
        self._even = EvenSound(self._form.packet)
        self.note = ""

    def write(self, samples: Samples, time_s: float) -> None:
        """Write sound that begins at a time of the file, in seconds. Raises av.error.FFmpegError, OSError."""
        for packet in self._even.packets(samples, time_s):
            self._encode(packet)

    def finish(self) -> None:
        """Write what waits. Raises as `write` does."""
        for packet in self._even.rest():
            self._encode(packet)
        if self._even.given:
            for encoded in self._stream.encode(None):
                self._muxer.write(encoded)

    def _encode(self, samples: Samples) -> None:
        if self._form.interleaved:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", layout="stereo")
        else:
            frame = AudioFrame.from_ndarray(samples, "fltp", layout="stereo")
        frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
        frame.pts = self._even.given - samples.shape[1]
        self.note = f"sound as {self._form.name}"
        for packet in self._stream.encode(frame):
            self._muxer.write(packet)


def keep_sound(source_info: SourceInfo) -> None:
    """Have the sound of a live source kept from now on, for pictures that are still being segmented."""
    if source_info.sound is not None:
        source_info.sound.want(PICTURES_COME_WITHIN_S)


class HeardTrack:
    """What is heard of a live source, in a video file beside its pictures; nothing where there is no sound."""

    def __init__(self, source_info: SourceInfo, muxer: Muxer, suffix: str, zero_at_s: float) -> None:
        """Give the file a sound, before its first packet, where the source has one.

        Args:
            source_info: where pictures and sound come from.
            muxer: writes the file.
            suffix: the extension of the file.
            zero_at_s: when the first picture was captured, `time.monotonic()`: the file begins there.
        """
        sound = source_info.sound
        heard = sound is not None and sound.there
        self._listener = Listener(sound, PICTURES_COME_WITHIN_S) if sound is not None and heard else None
        self._track = SoundTrack(muxer, suffix) if heard else None
        self._zero_at_s = zero_at_s

    @property
    def note(self) -> str:
        """What became of the sound, in words; empty where none came."""
        return self._track.note if self._track is not None else ""

    def write_until(self, captured_at: float) -> None:
        """Write what sounded up to this moment, `time.monotonic()`. Raises av.error.FFmpegError, OSError."""
        if self._listener is None or self._track is None:
            return
        for piece in self._listener.until(captured_at):
            self._track.write(piece.samples, piece.at_s - self._zero_at_s)

    def finish(self) -> None:
        """Write what waits. Raises as `write_until` does."""
        if self._track is not None:
            self._track.finish()
