"""The sound of a video file for a stream out, in AAC, which every server takes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from fractions import Fraction

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.sinks.live_encoding import FRAGMENTED
from deeplab_cv.sinks.sending_process import Parcel, Track
from deeplab_cv.sources.standard_input import open_media

_RATE = 44_100
"""Samples a second, which FLV takes too."""

_SAMPLES = 1024
"""In a packet of AAC."""

_GAP = _RATE // 10
"""So many samples may be missing before what follows is later by them."""


class StreamSound:
    """Reads the sound of the source's file as far as its pictures have come.

    Attributes:
        track: what it is sent as.
    """

    def __init__(self, source: InputContainer, audio: AudioStream) -> None:
        """Nothing is read yet; see `sound_of`."""
        self._source, self._audio = source, audio
        head = io.BytesIO()
        self._container = av.open(head, "w", format="mp4", options=FRAGMENTED)
        self._encoder = self._container.add_stream("aac", rate=_RATE, layout="stereo")
        self._container.start_encoding()
        self.track = Track(head.getvalue(), self._encoder.codec_context.extradata or b"")
        self._resampler = AudioResampler("fltp", "stereo", _RATE, frame_size=_SAMPLES)
        self._frames: Iterator[AudioFrame] = iter(())
        self._from_s = Fraction(0)
        self._samples = 0

    def begin(self, from_s: Fraction) -> None:
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
        self._container.close()

    def _encoded(self, frame: AudioFrame) -> Iterator[Parcel]:
        if frame.pts is not None and frame.time_base is not None:
            begin = round((frame.pts * frame.time_base - self._from_s) * _RATE)
            if begin + frame.samples * _RATE // frame.sample_rate <= 0:
                return
            if begin > self._samples + _GAP:
                self._samples = begin
        frame.pts = None
        for resampled in self._resampler.resample(frame):
            resampled.pts, resampled.time_base = self._samples, Fraction(1, _RATE)
            self._samples += resampled.samples
            for packet in self._encoder.encode(resampled):
                yield Parcel(1, bytes(packet), packet.pts or 0, key=True)


def sound_of(source_info: SourceInfo) -> StreamSound | None:
    """The sound of a source; None where there is none, or none that can be read."""
    if source_info.path is None or not source_info.tracks or source_info.live:
        return None
    try:
        source = open_media(source_info.path)
    except av.error.FFmpegError:
        # The pictures do not need it.
        return None
    audio = next(iter(source.streams.audio), None)
    if audio is not None and audio.codec_context is not None:
        return StreamSound(source, audio)
    source.close()
    return None
