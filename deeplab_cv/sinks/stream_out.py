"""Painted pictures as a live stream to a server (rtmp, rtsp) or a listener (udp, tcp), which may go and come back."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from fractions import Fraction

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.frames.frame import Painted, SourceInfo
from deeplab_cv.frames.pace import Pace
from deeplab_cv.machine.urls import without_secrets
from deeplab_cv.sinks.live_encoding import TICKS_A_SECOND, LiveEncoder
from deeplab_cv.sinks.sending import Sender
from deeplab_cv.sinks.sending_process import Failure, Parcel, Target, Track
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.stream_sound import SentSound, sound_of
from deeplab_cv.sources.back_off import BackOff
from deeplab_cv.sources.connection import SYSTEM_CLOCK, USUAL_LIMITS, Clock, Limits
from deeplab_cv.sources.stream_opening import StreamAddress, check_address

_log = logging.getLogger(__name__)

_CONTAINERS: Mapping[str, str] = {
    "rtmp": "flv",
    "rtmps": "flv",
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "udp": "mpegts",
    "tcp": "mpegts",
}
"""What each protocol carries, FFmpeg's words."""

_KEY_EVERY_S = Fraction(2)
"""So often somebody who comes later can begin to watch."""

_SOUND_AHEAD_S = Fraction(1, 10)
"""FFmpeg keeps a picture back until the sound has come as far."""

_BEHIND_S = 2.0
"""Pictures that wait longer are of no use to those who watch: no further ones are added to them."""

_CHECK = "see whether its server runs, and the address"

_LOOK_S = 0.05
_LEAVE_S, _KILLED_S = 1.0, 0.3
"""So long the last pictures of a live source, and then the end of the process that sends them, are waited for."""


@dataclass
class _Line:
    """A connection, and what is sent through it.

    Attributes:
        zero_s: the time of the source that is zero in what is sent; None before the first picture.
        key_at_s: that of the last key frame, since then.
        open_at: since when it is open; None before.
        late: the user knows that pictures are left out.
    """

    sender: Sender
    encoder: LiveEncoder
    sound: SentSound | None
    _: KW_ONLY
    zero_s: Fraction | None = field(default=None, init=False)
    key_at_s: Fraction = field(default=Fraction(0), init=False)
    open_at: float | None = field(default=None, init=False)
    late: bool = field(default=False, init=False)


class StreamOut:
    """Sends pictures as they come, a file's at its own pace; without a receiver it tries again and again.

    A receiver that is missing, lost or silent never ends the run and never holds it up.
    """

    needs_picture = True

    def __init__(
        self,
        url: str,
        source_info: SourceInfo,
        *,
        clock: Clock = SYSTEM_CLOCK,
        limits: Limits = USUAL_LIMITS,
        back_off: BackOff | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            url: where to.
            source_info: where the frames come from; its file or its stream gives the sound.
            clock: whose time counts.
            limits: how long the receiver may take.
            back_off: how long is waited between two tries.

        Raises:
            UsageError: no video is sent by this protocol, or the URL cannot be meant.
        """
        self._url, self._name = url, without_secrets(url)
        self._container = _container_for(url)
        self._source_info = source_info
        self._clock, self._limits = clock, limits
        self._back_off = back_off or BackOff()
        self._pace = Pace()
        self._hurried = threading.Event()
        self._line: _Line | None = None
        self._retry_at = 0.0
        self._lost_at: float | None = None
        self._reason = ""
        self._said: set[str] = set()
        self._sent = 0
        self._connections = 0
        self._left_out = 0

    def write(self, painted: Painted) -> None:
        """Take one frame, and send it where somebody receives."""
        if not self._source_info.live:
            now = self._clock.now()
            self._clock.wait(self._hurried, max(0.0, self._pace.due_at(painted.frame, now) - now))
        if self._line is not None and self._line.encoder.size != painted.pixels.size:
            # What is sent has one size, so it begins anew.
            self._line.sender.end()
            self._drop(self._line, kill=False)
        if self._line is None and self._clock.now() >= self._retry_at:
            self._connect(painted)
            if not (self._source_info.live or self._connections or self._lost_at):
                self._wait_for_first()
        line = self._line
        if line is None or not self._is_open(line) or self._is_late(line):
            self._left_out += 1
            return
        self._send(painted, line)

    def hurry(self) -> None:
        """Wait for nothing any more: the run is over; from any thread."""
        self._hurried.set()

    def finish(self) -> Written:
        """Send what waits, and hang up. Raises SinkError where nothing of a file could be sent."""
        self._leave(patient=not self._source_info.live)
        if self._sent or not self._left_out:
            return self._written(whole=True)
        if not self._source_info.live:
            raise SinkError("nothing could be sent", self._name, _CHECK, cause=self._reason)
        return Written(self._name, 0, f"nothing was sent ({self._reason})")

    def abandon(self) -> Written | None:
        """Hang up; what was sent was sent."""
        self._leave(patient=False)
        return self._written(whole=False) if self._sent else None

    def _written(self, *, whole: bool) -> Written:
        reconnects = max(0, self._connections - 1)
        counts = ((reconnects, "reconnect"), (self._left_out, "left out"))
        words = [f"{count} {word}{'s' if word == 'reconnect' and count > 1 else ''}" for count, word in counts if count]
        return Written(self._name, self._sent, ", ".join(words), whole=whole)

    def _connect(self, painted: Painted) -> None:
        encoder = LiveEncoder(painted.pixels.size)
        sound = sound_of(self._source_info)
        tracks = [Track(encoder.head, encoder.parameters), *([sound.track] if sound else [])]
        target = Target(self._url, self._container, tuple(tracks))
        self._line = _Line(Sender(target, clock=self._clock, limits=self._limits), encoder, sound)

    def _wait_for_first(self) -> None:
        """A file begins when its receiver is there, or does not come."""
        while self._line is not None and self._line.sender.is_coming and not self._hurried.is_set():
            self._clock.wait(self._hurried, _LOOK_S)
        self._pace.reset()

    def _is_open(self, line: _Line) -> bool:
        failure = line.sender.trouble
        if failure is not None:
            self._lose(line, failure)
            return False
        if line.sender.phase != "open":
            return False
        if line.open_at is None:
            line.open_at = self._clock.now()
            self._connections += 1
            self._said.clear()
            if self._lost_at is None:
                _log.info("%s takes the stream", self._name)
            else:
                _log.warning("%s takes the stream after %.0f s", self._name, line.open_at - self._lost_at)
            self._lost_at = None
        return True

    def _is_late(self, line: _Line) -> bool:
        if line.sender.behind_s <= _BEHIND_S:
            return False
        if not line.late:
            line.late = True
            _log.warning("%s takes less than is sent: pictures are left out", self._name)
        return True

    def _send(self, painted: Painted, line: _Line) -> None:
        time_s = painted.frame.time_s
        if line.zero_s is None:
            line.zero_s = time_s
            if line.sound is not None:
                line.sound.begin(time_s, painted.frame.captured_at)
        since_s = time_s - line.zero_s
        key = since_s - line.key_at_s >= _KEY_EVERY_S
        line.key_at_s = since_s if key else line.key_at_s
        packet = line.encoder.encode(painted.pixels, float(since_s), key=key)
        line.sender.give(Parcel(0, packet.data, round(packet.time_s * TICKS_A_SECOND), packet.key))
        if line.sound is not None:
            for parcel in line.sound.until(since_s + _SOUND_AHEAD_S):
                line.sender.give(parcel)

    def _lose(self, line: _Line, failure: Failure) -> None:
        now = self._clock.now()
        if line.open_at is not None:
            self._back_off.played(now - line.open_at)
        self._drop(line)
        delay_s = self._back_off.next_delay_s(stubborn=failure.stubborn)
        self._retry_at = now + delay_s
        self._lost_at = now if self._lost_at is None else self._lost_at
        self._reason = failure.reason
        if failure.reason not in self._said:
            self._said.add(failure.reason)
            again = "each minute" if failure.stubborn else f"in {max(1, round(delay_s))} s"
            _log.warning("%s takes no stream (%s), trying again %s", self._name, failure.reason, again)

    def _leave(self, *, patient: bool) -> None:
        """Hang up.

        Args:
            patient: wait for a receiver for as long as it takes what is sent.
        """
        line = self._line
        if line is None:
            return
        sender = line.sender
        sender.end()
        while patient and sender.trouble is None and not self._hurried.is_set():
            sender.wait(_LOOK_S)
        sender.wait(_LEAVE_S if sender.phase == "open" else 0.0)
        failure = sender.trouble
        self._reason = self._reason or (failure.reason if failure is not None else "nobody answers")
        self._drop(line)
        # It is killed by now, and is to be gone before this program is.
        sender.wait(_KILLED_S)

    def _drop(self, line: _Line, *, kill: bool = True) -> None:
        if kill:
            line.sender.kill()
        self._sent += line.sender.taken_pictures
        self._left_out += line.sender.waiting_pictures
        line.encoder.close()
        if line.sound is not None:
            line.sound.close()
        self._line = None


def _container_for(url: str) -> str:
    """What a URL's protocol carries. Raises UsageError for one that carries no video from here, or that is no URL."""
    address = StreamAddress(url, without_secrets(url))
    container = _CONTAINERS.get(address.scheme)
    if container is None:
        remedy = f"use {', '.join(f'{scheme}://' for scheme in _CONTAINERS)}, or a file"
        raise UsageError("no video is sent by this protocol", address.name, remedy)
    check_address(address)
    return container
