"""A URL or an SDP file -> FFmpeg's connection, or one line that says why there is none."""

import re
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.machine.urls import is_cut_by_its_password, is_url, lost_slashes
from deeplab_cv.sources.connection import Clock, Limits, StalledError, StubbornError
from deeplab_cv.sources.files import check_input

_OPTIONS = {
    # UDP loses packets, and firewalls stop it: it is the second try, for cameras that refuse TCP.
    "rtsp_flags": "prefer_tcp",
    # What a stream is, in microseconds of looking at it; FFmpeg's own five seconds are long to wait for a picture.
    "analyzeduration": "500000",
    # Microseconds that a packet is waited for which others have overtaken; a picture half a second late is worth less.
    "max_delay": "100000",
    # What is lost while nobody reads is lost, and no reason to end.
    "overrun_nonfatal": "1",
}

_SDP_OPTIONS = _OPTIONS | {"protocol_whitelist": "file,rtp,udp"}
"""An SDP file names the port at which RTP packets come; FFmpeg follows it nowhere unless it is allowed to."""

_WEB = ("http", "https")

_FILE_SCHEMES = (*_WEB, "ftp", "sftp", "file")
"""Those that give a file as fast as it is read, where it is one; an RTSP server gives even a film at its own pace."""

_VIDEO_SITE = re.compile(
    r"https?://([\w-]+\.)*(youtube\.com|youtu\.be|vimeo\.com|twitch\.tv|dailymotion\.com|tiktok\.com|facebook\.com)(:|/|$)",
    re.IGNORECASE,
)

_FROM_A_PAGE = "yt-dlp downloads the video of a page as a file, which --video takes"

_ENCODE = "in a password / # ? @ are written %2F %23 %3F %40"

_CHECK_SERVER = "see whether its server runs, and the address"


@dataclass(frozen=True)
class StreamAddress:
    """Where a stream lies.

    Attributes:
        url: what FFmpeg is given: a URL, or the path of an SDP file.
        name: the same as it may be shown.
    """

    url: str
    name: str

    @property
    def scheme(self) -> str:
        """What stands before the colon, in lower case."""
        return self.url.partition(":")[0].lower()


def check_address(address: StreamAddress) -> None:
    """Raises UserError for what nobody needs to be asked about."""
    if lost_slashes(address.url):
        raise UsageError("this is no whole URL", address.name, f"write {address.scheme}://HOST/PATH")
    if not is_url(address.url):
        check_input(Path(address.url))
    elif is_cut_by_its_password(address.url):
        raise UsageError("the host cannot be told from the password", address.name, _ENCODE)
    elif _VIDEO_SITE.match(address.url):
        raise SourceError("the page of a video site is no stream", address.name, _FROM_A_PAGE)


def open_container(address: StreamAddress, clock: Clock, limits: Limits) -> InputContainer:
    """Connect. Raises SourceError."""
    began_at = clock.now()
    try:
        try:
            return open_as(address, limits)
        except av.error.InvalidDataError as error:
            return _open_bare_jpegs(address, limits, error)
    except av.error.ProtocolNotFoundError as error:
        remedy = "use rtsp://, rtmp://, http://, https://, tcp:// or udp://"
        raise StubbornError("nobody here speaks this protocol", address.name, remedy) from error
    except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError) as error:
        what = f"the server lets nobody in with this user and password ({reason_of(error)})"
        raise StubbornError(
            what, address.name, f"write {address.scheme}://USER:PASSWORD@HOST/PATH; {_ENCODE}"
        ) from error
    except av.error.FFmpegError as error:
        # Judged by the clock: where nobody answers, some protocols call what came until then invalid data.
        if isinstance(error, av.error.ExitError) or clock.now() - began_at >= limits.open_s:
            what = f"nobody answers within {limits.open_s:.0f} s"
            raise StalledError(what, address.name, _remedy(address)) from error
        what = f"the stream cannot be opened ({reason_of(error)})"
        page = isinstance(error, av.error.InvalidDataError) and address.scheme in _WEB
        remedy = f"if this is a web page: {_FROM_A_PAGE}" if page else _remedy(address)
        raise SourceError(what, address.name, remedy) from error


def open_as(address: StreamAddress, limits: Limits, container_format: str | None = None) -> InputContainer:
    """FFmpeg's connection, as a container of this format where one is named. Raises FFmpegError."""
    is_sdp = not is_url(address.url)
    # FFmpeg waits twice for an RTSP server.
    read_s = limits.stall_s / 2 if address.scheme.startswith("rtsp") else limits.stall_s
    return av.open(
        f"file:{address.url}" if is_sdp else address.url,
        format=container_format,
        timeout=(limits.open_s, read_s),
        options=_SDP_OPTIONS if is_sdp else _OPTIONS,
        metadata_errors="replace",
    )


def is_a_file(container: InputContainer, address: StreamAddress) -> bool:
    """What was opened has a length and can be sought."""
    return container.duration is not None and address.scheme in _FILE_SCHEMES


def live_pictures(container: InputContainer, name: str) -> VideoStream:
    """The stream of pictures in a live container. Raises SourceError where there is none that can be decoded."""
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None:
        raise SourceError("the stream has no pictures that can be decoded", name, "have its server send H.264")
    # Several frames at once would be faster, but each would come as many frames later.
    stream.thread_type = "SLICE"
    return stream


def reason_of(error: av.error.FFmpegError) -> str:
    """What FFmpeg says of an error, in lower case; no URL is in it."""
    return (error.strerror or str(error)).lower()


def _open_bare_jpegs(address: StreamAddress, limits: Limits, error: av.error.InvalidDataError) -> InputContainer:
    """A camera whose JPEGs come without the boundary that should stand before the first.

    Raises `error` where what comes is no JPEG.
    """
    if address.scheme not in _WEB:
        raise error
    container = open_as(address, limits, "mjpeg")
    if not container.streams.video[0].codec_context.width:
        container.close()
        raise error
    return container


def _remedy(address: StreamAddress) -> str:
    if address.scheme == "rtp":
        return "RTP does not say what it carries: give --video the sender's SDP file, such as camera.sdp"
    return f"{_CHECK_SERVER}; {_ENCODE}" if "@" in address.url else _CHECK_SERVER
