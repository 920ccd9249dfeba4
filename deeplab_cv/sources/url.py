"""A live stream from the network through PyAV: rtsp, http, tcp and what else FFmpeg speaks, or an SDP file."""

import re
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.machine.urls import is_cut_by_its_password, is_url, lost_slashes, without_secrets
from deeplab_cv.sources import live
from deeplab_cv.sources.conversion import FrameConverter
from deeplab_cv.sources.files import check_input
from deeplab_cv.sources.interlacing import Deinterlacer
from deeplab_cv.sources.live import MICROSECOND, LiveSource, Patience

_OPEN_S = 10.0

_OPTIONS = {
    # UDP loses packets, and firewalls stop it.
    "rtsp_transport": "tcp",
    # What a stream is, in microseconds of looking at it; FFmpeg's own five seconds are long to wait for a picture.
    "analyzeduration": "1000000",
}

_SDP_OPTIONS = _OPTIONS | {"protocol_whitelist": "file,rtp,udp"}
"""An SDP file names the port at which RTP packets come; FFmpeg follows it nowhere unless it is allowed to."""

_WEB = ("http", "https")

_FILE_SCHEMES = ("http", "https", "ftp", "file")
"""Those that give a file as fast as it is read, where it is one."""

_VIDEO_SITE = re.compile(
    r"https?://([\w-]+\.)*(youtube\.com|youtu\.be|vimeo\.com|twitch\.tv|dailymotion\.com|tiktok\.com|facebook\.com)(:|/|$)",
    re.IGNORECASE,
)

_FROM_A_PAGE = "yt-dlp downloads the video of a page as a file, which --video takes"

_ENCODE = "in a password / # ? @ are written %2F %23 %3F %40"

_CHECK_SERVER = "see whether its server runs, and the address"


class StreamSource(LiveSource):
    """A live stream's frames as they come, with the time of their arrival in microseconds since the first."""

    def __init__(self, url: str, end: float | None = None) -> None:
        """Connect and see what comes. The frame that is looked at for that is not given: it is old before it is wanted.

        Args:
            url: the stream's URL, or the path of its SDP file.
            end: stop so many seconds after the first frame.

        Raises:
            SourceError: nobody answers, or what comes is no live video that can be decoded.
        """
        super().__init__()
        self._url = url
        self._name = without_secrets(url)
        self._end = end
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
            size=self._converter.size,
            frame_rate=self._stream.guessed_rate or self._stream.average_rate,
            frame_count=None,
            live=True,
            time_base=MICROSECOND,
        )

    def _next(self) -> tuple[Pixels, float] | None:
        try:
            pixels = self._converter.pixels_of(next(self._decoded))
        except ValueError as error:
            raise SourceError(str(error), self._name, "have its server send H.264 in YUV 4:2:0") from error
        arrived_at = time.monotonic()
        over = self._end is not None and self._since_first(arrived_at) >= self._end
        return None if over else (pixels, arrived_at)

    def _release(self) -> None:
        self._container.close()

    def _decode(self) -> Iterator[VideoFrame]:
        """Every frame; raises SourceError once there are no more, since a live stream has no end of its own."""
        try:
            try:
                yield from self._frames()
            except av.error.InvalidDataError:
                if self._container.format.name != "mpjpeg":
                    raise
                # A camera that miscounts its pictures' bytes: where they begin can be seen in the pictures themselves.
                self._container.close()
                self._container = _open(self._url, "mjpeg")
                self._stream = _picture_stream(self._container, self._name)
                yield from self._frames()
        except av.error.ExitError:
            raise self._lost(f"the stream sends nothing for {live.SILENCE_S:.0f} s") from None
        except av.error.FFmpegError as error:
            raise self._lost(f"the stream broke off ({_reason(error)})") from error
        raise self._lost("the stream broke off (its server closed the connection)")

    def _frames(self) -> Iterator[VideoFrame]:
        patience = Patience()
        deinterlacer = Deinterlacer(self._name)
        # Packets of all streams: of the pictures' own none might come for ever, while the sound goes on.
        for packet in self._container.demux():
            frames: list[VideoFrame] = []
            if packet.stream_index == self._stream.index:
                try:
                    frames = self._stream.codec_context.decode(packet)
                except av.error.FFmpegError:
                    # Half a packet, or one that needs a key frame from before we came.
                    frames = []
            for frame in chain.from_iterable(map(deinterlacer.frames_of, frames)):
                yield frame
                patience.renew()
            if patience.is_over:
                what = f"the stream sends no picture that can be decoded for {live.SILENCE_S:.0f} s"
                raise self._lost(what)

    def _lost(self, what: str) -> SourceError:
        return SourceError(what, self._name, "see whether its server still runs, and start again")


def _reason(error: av.error.FFmpegError) -> str:
    return (error.strerror or str(error)).lower()


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _open(url: str, container_format: str | None = None) -> InputContainer:
    is_sdp = not is_url(url)
    return av.open(
        f"file:{url}" if is_sdp else url,
        format=container_format,
        timeout=(_OPEN_S, live.SILENCE_S),
        options=_SDP_OPTIONS if is_sdp else _OPTIONS,
        metadata_errors="replace",
    )


def _connect(url: str, name: str) -> InputContainer:
    _check_address(url, name)
    try:
        try:
            container = _open(url)
        except av.error.InvalidDataError as error:
            container = _open_bare_jpegs(url, error)
    except av.error.ProtocolNotFoundError as error:
        raise SourceError(
            "nobody here speaks this protocol", name, "use rtsp://, http://, https:// or tcp://"
        ) from error
    except av.error.ExitError as error:
        what = f"nobody answers within {_OPEN_S:.0f} s"
        raise SourceError(what, name, _remedy(url)) from error
    except av.error.FFmpegError as error:
        what = f"the stream cannot be opened ({_reason(error)})"
        page = isinstance(error, av.error.InvalidDataError) and _scheme(url) in _WEB
        raise SourceError(what, name, f"if this is a web page: {_FROM_A_PAGE}" if page else _remedy(url)) from error
    if container.duration is not None and _scheme(url) in _FILE_SCHEMES:
        container.close()
        # It would come as fast as the network gives it, and all but a few frames be dropped.
        raise SourceError("this is a file and not a live stream", name, "download it and give --video the file")
    return container


def _check_address(url: str, name: str) -> None:
    """Raises UserError for what nobody needs to be asked about."""
    if lost_slashes(url):
        raise UsageError("this is no whole URL", name, f"write {_scheme(url)}://HOST/PATH")
    if not is_url(url):
        check_input(Path(url))
    elif is_cut_by_its_password(url):
        raise UsageError("the host cannot be told from the password", name, _ENCODE)
    elif _VIDEO_SITE.match(url):
        raise SourceError("the page of a video site is no stream", name, _FROM_A_PAGE)


def _open_bare_jpegs(url: str, error: av.error.InvalidDataError) -> InputContainer:
    """A camera whose JPEGs come without the boundary that should stand before the first.

    Raises `error` where what comes is no JPEG.
    """
    if _scheme(url) not in _WEB:
        raise error
    container = _open(url, "mjpeg")
    if not container.streams.video[0].codec_context.width:
        container.close()
        raise error
    return container


def _remedy(url: str) -> str:
    if _scheme(url) == "rtp":
        return "RTP does not say what it carries: give --video the sender's SDP file, such as camera.sdp"
    return f"{_CHECK_SERVER}; {_ENCODE}" if "@" in url else _CHECK_SERVER


def _picture_stream(container: InputContainer, name: str) -> VideoStream:
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None:
        raise SourceError("the stream has no pictures that can be decoded", name, "have its server send H.264")
    # Several frames at once would be faster, but each would come as many frames later.
    stream.thread_type = "SLICE"
    return stream
