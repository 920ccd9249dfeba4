"""The sound for a stream out, of a video file or as a live source gives it, in AAC, which every server takes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.sound import PACKET, PICTURES_COME_WITHIN_S, SOUND_RATE, EvenSound, Listener, LiveSound
from deeplab_cv.sinks.live_encoding import FRAGMENTED
from deeplab_cv.sinks.sending_process import Parcel, Track
from deeplab_cv.sources.standard_input import open_media

_RATE = 44_100
"""Samples a second, which FLV takes too."""

_GAP = _RATE // 10
"""So many samples may be missing before what follows is later by them."""


class SentSound(Protocol):
    """Sound that is sent beside pictures.

    Attributes:
        track: what it is sent as.
    """

    track: Track

    def begin(self, from_s: Fraction, captured_at: float) -> None:
        """What is zero in what is sent: a time of the source, and when its picture was captured, both in seconds."""
        ...

    def until(self, time_s: Fraction) -> Iterator[Parcel]:
        """What sounds up to a time in seconds, since `begin`, and was not given yet."""
        ...

    def close(self) -> None:
        """There is no more to be sent."""
        ...


class _Encoder:
    """Makes parcels of AAC of samples.

    Attributes:
        track: what they belong to.
    """

    def __init__(self, rate: int) -> None:
        """Ready for samples at so many a second."""
        self._rate = rate
        head = io.BytesIO()
        self._container = av.open(head, "w", format="mp4", options=FRAGMENTED)
        self._stream = self._container.add_stream("aac", rate=rate, layout="stereo")
        self._container.start_encoding()
        self.track = Track(head.getvalue(), self._stream.codec_context.extradata or b"")

    def parcels(self, frame: AudioFrame, begin: int) -> Iterator[Parcel]:
        """Encode a packet's samples, of which the first is the one of this number."""
        frame.pts, frame.time_base = begin, Fraction(1, self._rate)
        for packet in self._stream.encode(frame):
            yield Parcel(1, bytes(packet), packet.pts or 0, key=True)

    def close(self) -> None:
        """Let go of the encoder."""
        self._container.close()


class FileSound:
    """Reads the sound of the source's file as far as its pictures have come; see SentSound."""

    def __init__(self, source: InputContainer, audio: AudioStream) -> None:
        """Nothing is read yet; see `sound_of`."""
        self._source, self._audio = source, audio
        self._encoder = _Encoder(_RATE)
        self.track = self._encoder.track
        self._resampler = AudioResampler("fltp", "stereo", _RATE, frame_size=PACKET)
        self._frames: Iterator[AudioFrame] = iter(())
        self._from_s = Fraction(0)
        self._samples = 0

    def begin(self, from_s: Fraction, captured_at: float) -> None:
        """Read on from a time of the source, in seconds; this is zero in what is sent."""
        self._from_s = from_s
        if from_s > 0:
            # What cannot be sought is read from its beginning.
            with contextlib.suppress(av.error.FFmpegError):
                self._source.seek(round(from_s * av.time_base))
        self._frames = self._source.decode(self._audio)

    def until(self, time_s: Fraction) -> Iterator[Parcel]:
        """What sounds up to a time in seconds, since `begin`; what cannot be decoded is silent."""
        while self._samples < time_s * _RATE:
            try:
                frame = next(self._frames, None)
            except av.error.FFmpegError:
                frame = None
            if frame is None:
                return
            yield from self._encoded(frame)

    def close(self) -> None:
        """Let go of the file."""
        self._frames = iter(())
        self._source.close()
        self._encoder.close()

    def _encoded(self, frame: AudioFrame) -> Iterator[Parcel]:
        if frame.pts is not None and frame.time_base is not None:
            begin = round((frame.pts * frame.time_base - self._from_s) * _RATE)
            if begin + frame.samples * _RATE // frame.sample_rate <= 0:
                return
            if begin > self._samples + _GAP:
                self._samples = begin
        frame.pts = None
        for resampled in self._resampler.resample(frame):
            yield from self._encoder.parcels(resampled, self._samples)
            self._samples += resampled.samples


class HeardSound:
    """Hands on what is heard of a live source; where nothing is there is silence. See SentSound."""

    def __init__(self, sound: LiveSound) -> None:
        """It is kept from now on."""
        self._listener = Listener(sound, PICTURES_COME_WITHIN_S)
        self._encoder = _Encoder(SOUND_RATE)
        self.track = self._encoder.track
        self._even = EvenSound()
        self._zero_at_s = 0.0

    def begin(self, from_s: Fraction, captured_at: float) -> None:
        """What sounded as this picture was captured is zero in what is sent."""
        self._zero_at_s = captured_at

    def until(self, time_s: Fraction) -> Iterator[Parcel]:
        """What sounds up to a time in seconds, since `begin`, and was not given yet."""
        for piece in self._listener.until(self._zero_at_s + float(time_s)):
            for packet in self._even.packets(piece.samples, piece.at_s - self._zero_at_s):
                frame = AudioFrame.from_ndarray(packet, format="fltp", layout="stereo")
                frame.sample_rate = SOUND_RATE
                yield from self._encoder.parcels(frame, self._even.given - PACKET)

    def close(self) -> None:
        """Let go of the encoder."""
        self._encoder.close()


def sound_of(source_info: SourceInfo) -> SentSound | None:
    """The sound of a source; None where there is none, or none that can be read."""
    if source_info.sound is not None:
        return HeardSound(source_info.sound) if source_info.sound.there else None
    if source_info.path is None or not source_info.tracks or source_info.live:
        return None
    try:
        source = open_media(source_info.path)
    except av.error.FFmpegError:
        # The pictures do not need it.
        return None
    audio = next(iter(source.streams.audio), None)
    if audio is not None and audio.codec_context is not None:
        return FileSound(source, audio)
    source.close()
    return None
