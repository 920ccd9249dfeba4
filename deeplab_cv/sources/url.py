"""A URL through PyAV: a live stream (rtsp, http, tcp and what else FFmpeg speaks, an SDP file), or a file."""

import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.sound import LiveSound
from deeplab_cv.machine.urls import without_secrets
from deeplab_cv.sources.connection import SYSTEM_CLOCK, USUAL_LIMITS, Arrival, Clock, Limits, StalledError
from deeplab_cv.sources.conversion import FrameConverter
from deeplab_cv.sources.files import WebFile
from deeplab_cv.sources.interlacing import Deinterlacer
from deeplab_cv.sources.live import LiveSource
from deeplab_cv.sources.live_sound import SoundReader
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.stream_opening import (
    StreamAddress,
    check_address,
    is_a_file,
    live_pictures,
    open_as,
    open_container,
    reason_of,
)
from deeplab_cv.sources.video import VideoSource

_IN_BURSTS = ("hls", "dash")
"""Containers whose pictures come some seconds at once: each is given when its time has come."""

_BURSTS_STALL = 3
"""How much longer than another stream such a one may take: for the next piece to be there."""

_OUT_OF_STEP_S = 30.0
"""A picture is not waited for longer: its sender's clock has jumped."""


@dataclass(frozen=True, kw_only=True)
class StreamPlan:
    """How a URL is read.

    Attributes:
        start: where a file begins, in seconds.
        end: where a file ends, or how long after its first frame a stream does, in seconds.
        retry: how many tries in a row may fail before a stream is given up; None for ever.
        clock: whose time counts.
        limits: how long it may take.
    """

    start: float | None = None
    end: float | None = None
    retry: int | None = None
    clock: Clock = SYSTEM_CLOCK
    limits: Limits = USUAL_LIMITS


USUAL_PLAN = StreamPlan()


def open_stream(url: str, plan: StreamPlan = USUAL_PLAN) -> Source:
    """The live stream that a URL or an SDP file names, or the file where it is one: has a length, and can be sought.

    The connection that is looked at is the one that is read, so that a server of one client serves.

    Raises:
        SourceError: it cannot be had, and is not tried again.
        UsageError: the URL cannot be meant, or `start` of what is no file.
    """
    address = StreamAddress(url, without_secrets(url))
    check_address(address)
    sound = LiveSound()
    opener = _Opener(address, plan, sound)
    try:
        live = LiveSource(address.name, opener.connect, retry=plan.retry, end=plan.end, clock=plan.clock, sound=sound)
    except _IsAFile as found:
        file = WebFile(address.name, found.container, lambda: open_container(address, plan.clock, plan.limits))
        return VideoSource(file, start=plan.start, end=plan.end)
    if plan.start is not None:
        live.close()
        raise UsageError("this does not go with a live stream", f"--start {plan.start:g}", "leave it out")
    return live


class _IsAFile(Exception):  # noqa: N818 - no error: another source is made of it
    """What was opened has a length and can be sought."""

    def __init__(self, container: InputContainer) -> None:
        super().__init__()
        self.container = container


@dataclass
class _Opener:
    """Connects to an address again and again.

    Attributes:
        sound: where connections put what can be heard.
        first: the first connection, which may turn out to be a file.
    """

    address: StreamAddress
    plan: StreamPlan
    sound: LiveSound
    first: bool = field(default=True, init=False)

    def connect(self, closed: threading.Event) -> "StreamConnection":
        """Raises SourceError, and _IsAFile at the first time."""
        first, self.first = self.first, False
        container = open_container(self.address, self.plan.clock, self.plan.limits)
        if first and is_a_file(container, self.address):
            raise _IsAFile(container)
        return StreamConnection(container, self.address, closed, self.plan, self.sound)


class StreamConnection:
    """An opened stream; see sources.connection.Connection."""

    def __init__(
        self,
        container: InputContainer,
        address: StreamAddress,
        closed: threading.Event,
        plan: StreamPlan,
        sound: LiveSound,
    ) -> None:
        """Wait for the first picture, which is not given: it is old before it is wanted, and may be half a one.

        Raises SourceError where none comes.
        """
        self._container = container
        self._address = address
        self._closed = closed
        self._clock = plan.clock
        self._limits = plan.limits
        self._in_bursts = container.format.name in _IN_BURSTS or is_a_file(container, address)
        self.stall_s = plan.limits.stall_s * (_BURSTS_STALL if self._in_bursts else 1)
        self._step: tuple[float, float] | None = None
        self._sound = SoundReader(container, sound)
        try:
            self._stream = live_pictures(container, address.name)
            self._decoded = self._decode()
            first = next(self._decoded, None)
            if first is None:
                raise SourceError("the stream has no picture", address.name, "see whether its server still runs")
            self._take_form_of(first)
        except BaseException:
            self.close()
            raise
        self.size = self._converter.size
        self.frame_rate = self._stream.guessed_rate or self._stream.average_rate

    def next(self) -> Arrival | None:
        """The next picture; None where the stream has ended. Raises SourceError."""
        frame = next(self._decoded, None)
        if frame is None:
            return None
        if (frame.width, frame.height) != self._form:
            self._take_form_of(frame)
        try:
            pixels = self._converter.pixels_of(frame)
        except ValueError as error:
            remedy = "have its server send H.264 in YUV 4:2:0"
            raise SourceError(str(error), self._address.name, remedy) from error
        if self._in_bursts and frame.time is not None and not self._wait_until_due(frame.time):
            return None
        arrival = Arrival(pixels, self._clock.now(), sent_at=frame.time, fingerprint=_fingerprint(frame))
        self._sound.picture_came(arrival.sent_at, arrival.came_at)
        return arrival

    def close(self) -> None:
        """Let go of it."""
        self._container.close()

    def _take_form_of(self, frame: VideoFrame) -> None:
        self._form = frame.width, frame.height
        self._converter = FrameConverter(frame, self._stream.sample_aspect_ratio)

    def _wait_until_due(self, time_s: float) -> bool:
        """Wait until a picture's time has come; False where the source was closed meanwhile."""
        now = self._clock.now()
        if self._step is None:
            self._step = now, time_s
        due_s = self._step[0] + time_s - self._step[1] - now
        if due_s < -self.stall_s or due_s > _OUT_OF_STEP_S:
            self._step, due_s = (now, time_s), 0.0
        return due_s <= 0 or not self._clock.wait(self._closed, due_s)

    def _decode(self) -> Iterator[VideoFrame]:
        """Every frame, to the end that the sender has told. Raises SourceError where it told none."""
        try:
            try:
                yield from self._frames()
            except av.error.InvalidDataError:
                if self._container.format.name != "mpjpeg":
                    raise
                # A camera that miscounts its pictures' bytes: where they begin can be seen in the pictures themselves.
                self._container.close()
                self._container = open_as(self._address, self._limits, "mjpeg")
                self._stream = live_pictures(self._container, self._address.name)
                yield from self._frames()
        except av.error.ExitError:
            what = f"the stream sends nothing for {self._limits.stall_s:.0f} s"
            raise StalledError(what, self._address.name, _RUNS) from None
        except av.error.FFmpegError as error:
            raise self._lost(reason_of(error)) from error
        if not self._has_ended():
            raise self._lost("its server closed the connection")

    def _frames(self) -> Iterator[VideoFrame]:
        deinterlacer = Deinterlacer(self._address.name)
        patience_s = self._limits.first_s
        came_at = self._clock.now()
        # Packets of all streams: of the pictures' own none might come for ever, while the sound goes on.
        for packet in self._container.demux():
            frames: list[VideoFrame] = []
            self._sound.take(packet)
            if packet.stream_index == self._stream.index:
                try:
                    frames = self._stream.codec_context.decode(packet)
                except av.error.FFmpegError:
                    # Half a packet, or one that needs a key frame from before we came.
                    frames = []
            for frame in chain.from_iterable(map(deinterlacer.frames_of, frames)):
                yield frame
                came_at, patience_s = self._clock.now(), self.stall_s
            if self._clock.now() - came_at > patience_s:
                what = f"the stream sends no picture that can be decoded for {patience_s:.0f} s"
                raise StalledError(what, self._address.name, _RUNS)

    def _has_ended(self) -> bool:
        """The sender says that there will be no more: a list of pieces that is complete, or a file."""
        if is_a_file(self._container, self._address):
            return True
        if self._container.format.name not in _IN_BURSTS:
            return False
        try:
            with open_container(self._address, self._clock, self._limits) as again:
                return is_a_file(again, self._address)
        except SourceError:
            return False

    def _lost(self, why: str) -> SourceError:
        return SourceError(f"the stream broke off ({why})", self._address.name, _RUNS)


_RUNS = "see whether its server still runs, and start again"


def _fingerprint(frame: VideoFrame) -> int:
    """A number from some of the picture's samples, of its first plane."""
    plane = frame.planes[0]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return zlib.crc32(lines[::16, : plane.width : 16].tobytes())
