"""The process that sends a stream, see `sending`: PyAV waits for a silent server, and all of its process with it.

It reads a Target, then Parcels, and writes what becomes of them.
"""

import errno
import faulthandler
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from deeplab_cv.machine.child import leave_no_core
from deeplab_cv.machine.messages import receive, send
from deeplab_cv.sources.stream_opening import reason_of

_PATIENCE_S = 8.0
"""So long this process waits for a server where nobody is left to end it."""

_NOWHERE = os.open(os.devnull, os.O_WRONLY)

_NO_HOST, _HUNG_UP = "there is no such host, or it hung up", "the server hung up"
"""What FFmpeg calls an error of input or output."""

_UDP_BYTES = 1316
"""Of a datagram: what no router takes apart."""

_OPTIONS = {
    "rtsp": {"rtsp_transport": "tcp"},
    "flv": {"flvflags": "no_duration_filesize", "flush_packets": "1"},
    "mpegts": {"flush_packets": "1"},
}

# Microseconds that a picture waits for sound that does not come; FFmpeg's own ten seconds are long for those who watch.
_FOR_ALL = {"max_interleave_delta": "500000"}


@dataclass(frozen=True)
class Track:
    """A stream of packets, before its first one.

    Attributes:
        head: the beginning of an MP4 with this stream alone.
        parameters: what its decoder has to know beforehand, in the form that the packets have.
    """

    head: bytes
    parameters: bytes


@dataclass(frozen=True)
class Target:
    """Where to, and what.

    Attributes:
        url: of the server or the listener.
        container: what the protocol carries, FFmpeg's word.
        tracks: the pictures, and perhaps the sound.
    """

    url: str
    container: str
    tracks: tuple[Track, ...]


@dataclass(frozen=True)
class Parcel:
    """A packet.

    Attributes:
        track: the number of its track.
        data: the packet itself.
        pts: when it is to be shown or heard, in units of its track.
        key: decoding can begin here.
    """

    track: int
    data: bytes
    pts: int
    key: bool


@dataclass(frozen=True)
class Failure:
    """The stream is not sent, or no longer.

    Attributes:
        reason: why, in words without a URL.
        stubborn: it will not change by itself, such as a wrong password.
    """

    reason: str
    stubborn: bool = False


Report = Literal["connecting", "open", "taken"] | Failure
"""What this process says: it begins to connect, is connected, or has handed FFmpeg one more parcel."""


def main() -> None:
    """Connect, and send what comes until there is no more, or until nobody is left to hand it in."""
    # Ctrl-C reaches the whole terminal: whoever hands in pictures decides when the stream is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(_NOWHERE, 1)
    leave_no_core()
    try:
        _send_all(receive(sys.stdin.buffer), lambda report: send(reports, report))
    except _NotSent as error:
        send(reports, error.failure)
    except OSError:
        # Nobody reads what this process says.
        pass
    os._exit(0)


class _NotSent(Exception):  # noqa: N818 - carries the failure to `main`
    """FFmpeg has given up."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _send_all(target: Target, say: Callable[[Report], None]) -> None:
    """Raises _NotSent, and OSError where nobody reads what is said."""
    say("connecting")
    with _waiting(_NO_HOST):
        container = av.open(_address(target), "w", format=target.container, container_options=_options(target))
        streams = [_stream_of(track, container) for track in target.tracks]
        container.start_encoding()
    say("open")
    parcel: Parcel | None
    while (parcel := receive(sys.stdin.buffer)) is not None:
        packet = Packet(parcel.data)
        stream, time_base = streams[parcel.track]
        packet.stream, packet.time_base = stream, time_base
        packet.pts = packet.dts = parcel.pts
        packet.is_keyframe = parcel.key
        with _waiting():
            container.mux(packet)
        say("taken")
    with _waiting():
        container.close()


def _address(target: Target) -> str:
    if not target.url.lower().startswith("udp:"):
        return target.url
    return f"{target.url}{'&' if '?' in target.url else '?'}pkt_size={_UDP_BYTES}"


def _options(target: Target) -> dict[str, str]:
    return _FOR_ALL | _OPTIONS[target.container]


def _stream_of(track: Track, container: OutputContainer) -> tuple[Stream, Fraction]:
    """A stream for a track's packets, and the unit of their times."""
    with av.open(io.BytesIO(track.head)) as head:
        template = head.streams[0]
        time_base = template.time_base
        stream = container.add_stream_from_template(template, opaque=True)
    assert stream.codec_context is not None and time_base is not None
    stream.codec_context.extradata = track.parameters
    return stream, time_base


@contextmanager
def _waiting(input_output_error: str = _HUNG_UP) -> Iterator[None]:
    """FFmpeg's turn, which ends with the process where it takes too long. Raises _NotSent."""
    # A thread of Python's own would wait too: PyAV lets no other one run meanwhile.
    faulthandler.dump_traceback_later(_PATIENCE_S, exit=True, file=_NOWHERE)
    try:
        yield
    except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError, av.error.ProtocolNotFoundError) as error:
        raise _NotSent(Failure(reason_of(error), stubborn=True)) from error
    except av.error.FFmpegError as error:
        raise _NotSent(Failure(input_output_error if error.errno == errno.EIO else reason_of(error))) from error
    finally:
        faulthandler.cancel_dump_traceback_later()
