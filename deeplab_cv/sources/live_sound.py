"""The sound of a live stream: decoded beside its pictures, and dated as they are."""

from collections.abc import Iterator

import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from deeplab_cv.frames.sound import SOUND_RATE, LiveSound, Samples

_LEAP_S = 0.5
"""A picture so far from what its time says shows that the sender's clock was set, or the stream begun anew."""

_LOOKS_BACK_S = 10.0
"""Clocks drift apart: what was seen so long ago counts no longer."""


class SoundReader:
    """Takes the packets of one connection; the pictures say how far its sender's clock is from ours.

    It is the picture that came fastest which says so: those that are there when the connection is made, and any that
    were held up on the way, came late, and sound dated by them would be heard after its pictures.
    """

    def __init__(self, container: InputContainer, sound: LiveSound) -> None:
        """Take the first sound of a container; none where it has none."""
        self._audio = next((stream for stream in container.streams.audio if stream.codec_context is not None), None)
        self._sound = sound
        sound.there = self._audio is not None
        self._resampler = AudioResampler("fltp", "stereo", SOUND_RATE)
        self._offset_s: float | None = None
        self._least_s = self._least_before_s = self._since_s = 0.0

    def picture_came(self, sent_at_s: float | None, came_at_s: float) -> None:
        """A picture of this time by the sender's clock came at this time by ours, in seconds."""
        if sent_at_s is None:
            return
        offset_s = came_at_s - sent_at_s
        if self._offset_s is None or abs(offset_s - self._offset_s) > _LEAP_S:
            self._least_s, self._least_before_s, self._since_s = offset_s, offset_s, came_at_s
        elif came_at_s - self._since_s > _LOOKS_BACK_S:
            self._least_s, self._least_before_s, self._since_s = offset_s, self._least_s, came_at_s
        self._least_s = min(self._least_s, offset_s)
        self._offset_s = min(self._least_s, self._least_before_s)

    def take(self, packet: "Packet[Stream]") -> None:
        """Decode a packet where it is of the sound and somebody wants it; what cannot be decoded is left out."""
        if not self._sound.wanted or self._audio is None or packet.stream_index != self._audio.index:
            return
        offset_s, sent_at_s = self._offset_s, packet.pts
        if offset_s is None or sent_at_s is None:
            return
        at_s = float(sent_at_s * packet.time_base) + offset_s
        for samples in self._decoded(self._audio, packet):
            self._sound.put(samples, at_s)
            at_s += samples.shape[1] / SOUND_RATE

    def _decoded(self, audio: AudioStream, packet: "Packet[Stream]") -> Iterator[Samples]:
        try:
            for frame in audio.codec_context.decode(packet):
                # Times are the packet's: a decoder's own would have the resampler wait, or leave samples out.
                frame.pts = None
                for resampled in self._resampler.resample(frame):
                    yield np.asarray(resampled.to_ndarray(), np.float32)
        except (av.error.FFmpegError, ValueError):
            return
