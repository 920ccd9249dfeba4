"""A live stream from the network through PyAV: rtsp, http, tcp and what else FFmpeg speaks."""

import re
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from urllib.parse import urlsplit, urlunsplit

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.frame import Frame, SourceInfo
from deeplab_cv.sources import Source
from deeplab_cv.sources.conversion import FrameConverter

_MICROSECOND = Fraction(1, 1_000_000)

_OPEN_S = 10.0
_SILENCE_S = 5.0
"""How long a server may send nothing, or nothing that can be decoded."""

_CLOSE_PATIENCE_S = 0.5

_OPTIONS = {
    # UDP loses packets, and firewalls stop it.
    "rtsp_transport": "tcp",
    # What a stream is, in microseconds of looking at it; FFmpeg's own five seconds are long to wait for a picture.
    "analyzeduration": "1000000",
}

_FILE_SCHEMES = ("http", "https", "ftp", "file")
"""Those that give a file as fast as it is read, where it is one."""


def is_url(text: str) -> bool:
    """A text names something by a scheme, such as rtsp://."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


class StreamSource(Source):
    """A live stream's frames as they come, with the time of their arrival in microseconds since the first."""

    def __init__(self, url: str, end: float | None = None) -> None:
        """Connect and see what comes. The frame that is looked at for that is not given: it is old before it is wanted.

        `end`: stop so many seconds after the first frame.

        Raises SourceError where nobody answers, or what comes is no live video that can be decoded.
        """
        self._name = without_password(url)
        self._end = end
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._index = 0
        self._first_at: float | None = None
        self._last_pts = -1
        self._container = _connect(url, self._name)
        try:
            self._stream = _picture_stream(self._container, self._name)
            self._decoded = self._decode()
            first = next(self._decoded)
            self._converter = FrameConverter(first, self._stream.sample_aspect_ratio)
        except BaseException:
            self._container.close()
            raise
        self.info = SourceInfo(
            name=self._name,
            size_wh=self._converter.size_wh,
            frame_rate=self._stream.guessed_rate or self._stream.average_rate,
            frame_count=None,
            live=True,
            time_base=_MICROSECOND,
        )

    def read(self) -> Frame | None:
        """The next frame; None at `end` and once the stream is closed. Raises SourceError where no more comes."""
        with self._lock:
            if self._closed.is_set():
                return None
            try:
                decoded = next(self._decoded)
                pixels = self._converter.pixels_of(decoded)
            except SourceError:
                if self._closed.is_set():
                    return None
                raise
            except ValueError as error:
                raise SourceError(str(error), self._name, "have its server send H.264 in YUV 4:2:0") from error
            finally:
                # Whoever closed the stream while its server kept this read waiting has not waited.
                if self._closed.is_set():
                    self._container.close()
            arrived_at = time.monotonic()
            if self._first_at is None:
                self._first_at = arrived_at
            if self._end is not None and arrived_at - self._first_at >= self._end:
                return None
            pts = max(self._last_pts + 1, round((arrived_at - self._first_at) / _MICROSECOND))
            index, self._index, self._last_pts = self._index, self._index + 1, pts
            return Frame(pixels, index, pts, _MICROSECOND, arrived_at)

    def close(self) -> None:
        """Let go of the stream; a read that its server keeps waiting lets go of it when it comes back."""
        self._closed.set()
        if self._lock.acquire(timeout=_CLOSE_PATIENCE_S):
            self._container.close()
            self._lock.release()

    def _decode(self) -> Iterator[VideoFrame]:
        """Every frame; raises SourceError once there are no more, since a live stream has no end of its own."""
        given_at = time.monotonic()
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = self._stream.codec_context.decode(packet)
                except av.error.FFmpegError:
                    # Half a packet, or one that needs a key frame from before we came.
                    frames = []
                for frame in frames:
                    yield frame
                    given_at = time.monotonic()
                if time.monotonic() - given_at > _SILENCE_S:
                    raise self._lost(f"the stream sends no picture that can be decoded for {_SILENCE_S:.0f} s")
        except av.error.ExitError:
            raise self._lost(f"the stream sends nothing for {_SILENCE_S:.0f} s") from None
        except av.error.FFmpegError as error:
            raise self._lost(f"the stream broke off ({_reason(error)})") from error
        raise self._lost("the stream broke off (its server closed the connection)")

    def _lost(self, what: str) -> SourceError:
        return SourceError(what, self._name, "see whether its server still runs, and start again")


def without_password(url: str) -> str:
    """A URL as it may be shown: without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _reason(error: av.error.FFmpegError) -> str:
    return (error.strerror or str(error)).lower()


def _connect(url: str, name: str) -> InputContainer:
    try:
        container = av.open(url, timeout=(_OPEN_S, _SILENCE_S), options=_OPTIONS)
    except av.error.ProtocolNotFoundError as error:
        raise SourceError(
            "nobody here speaks this protocol", name, "use rtsp://, http://, https:// or tcp://"
        ) from error
    except av.error.ExitError as error:
        what = f"nobody answers within {_OPEN_S:.0f} s"
        raise SourceError(what, name, "see whether its server runs, and the address") from error
    except av.error.FFmpegError as error:
        what = f"the stream cannot be opened ({_reason(error)})"
        raise SourceError(what, name, "see whether its server runs, and the address") from error
    if container.duration is not None and urlsplit(url).scheme.lower() in _FILE_SCHEMES:
        container.close()
        # It would come as fast as the network gives it, and all but a few frames be dropped.
        raise SourceError("this is a file and not a live stream", name, "download it and give --video the file")
    return container


def _picture_stream(container: InputContainer, name: str) -> VideoStream:
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None:
        raise SourceError("the stream has no pictures that can be decoded", name, "have its server send H.264")
    # Several frames at once would be faster, but each would come as many frames later.
    stream.thread_type = "SLICE"
    return stream
