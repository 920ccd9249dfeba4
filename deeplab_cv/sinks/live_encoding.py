"""One H.264 encode of the live picture, whose packets serve every viewer: as they are, and as fragments of MP4."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.video.frame import PictureType
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.encoding import BT709, YuvConverter, even_size

TICKS_A_SECOND = 90_000
"""The unit of a packet's time, as is usual in MP4."""

_RATE = 30
"""What the encoder is told; pictures come with times of their own."""

_KEY_EVERY = 120

_LONGEST_STEP_S = 6 * 3600
"""From one picture to the next: behind a step of 2**31 ticks, 6.6 hours, fragments of MP4 give wrong times."""

# Each frame is whole in its packet and none refers to a later one, so that a decoder shows it as soon as it comes.
_OPTIONS: Mapping[str, str] = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "23",
    "maxrate": "6M",
    "bufsize": "3M",
    "forced-idr": "1",
}

FRAGMENTED = {"movflags": "empty_moov+default_base_moof+frag_every_frame+skip_trailer", "flush_packets": "1"}
"""What FFmpeg is told for an MP4 whose head is written before its first picture, and that never ends.

With a trailer FFmpeg would remember each picture for it, 40 bytes a time.
"""


@dataclass(frozen=True)
class LivePacket:
    """An encoded picture.

    Attributes:
        data: H.264 with start codes; that of a key frame begins with the sequence and picture parameters.
        key: decoding can begin here.
        time_s: when it is to be shown, since the encoder's first picture.
        fragment: what MP4 says of the picture before this one, whose duration is known only now; empty for the first.
    """

    data: bytes
    key: bool
    time_s: float
    fragment: bytes


class LiveEncoder:
    """Encodes pictures of one size as they come, each into one packet.

    Attributes:
        size: of the pictures that it takes, in pixels.
        head: the beginning of an MP4 that fragments follow.
        parameters: the sequence and picture parameters of H.264, with start codes.
        codec: what browsers call the stream, such as avc1.64001f.
    """

    def __init__(self, size: Size) -> None:
        """Ready for the first picture. Raises SinkError where this PyAV cannot encode H.264."""
        self.size = size
        self._converter = YuvConverter(even_size(size))
        self._written = _Written()
        try:
            self._container = av.open(self._written, "w", format="mp4", options=FRAGMENTED)
            self._video = self._container.add_stream("libx264", rate=_RATE)
        except (av.error.FFmpegError, ValueError) as error:
            remedy = "pip install --force-reinstall --only-binary av av"
            raise SinkError("this PyAV cannot encode H.264", "libx264", remedy, cause=error) from error
        self._set_up(self._video)
        self._container.start_encoding()
        self.head = self._written.taken()
        self.parameters = self._video.codec_context.extradata or b""
        self.codec = _codec_name(self.parameters)
        self._last_pts = -1

    @property
    def template(self) -> VideoStream:
        """What a file that takes the packets is told of them; it outlives the encoder."""
        return self._video

    def can_follow(self, size: Size, time_s: float) -> bool:
        """A picture of this size and time can be encoded here; otherwise another encoder has to begin with it."""
        return size == self.size and time_s - self._last_pts / TICKS_A_SECOND <= _LONGEST_STEP_S

    def encode(self, picture: Pixels, time_s: float, *, key: bool) -> LivePacket:
        """Encode a picture that can follow those before.

        Args:
            picture: of the encoder's size.
            time_s: when it is to be shown, since the first; not earlier than the one before.
            key: decoding is to be possible from here.
        """
        frame = self._converter.frame_of(picture)
        context = self._video.codec_context
        frame.colorspace, frame.color_range = context.colorspace, context.color_range
        frame.pts = self._last_pts = max(self._last_pts + 1, round(time_s * TICKS_A_SECOND))
        frame.time_base = Fraction(1, TICKS_A_SECOND)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        (packet,) = self._video.encode(frame)
        data, is_key = bytes(packet), packet.is_keyframe
        self._container.mux(packet)
        return LivePacket(
            data=self.parameters + data if is_key else data,
            key=is_key,
            time_s=frame.pts / TICKS_A_SECOND,
            fragment=self._written.taken(),
        )

    def close(self) -> None:
        """Let go of the encoder."""
        self._container.close()

    def _set_up(self, video: VideoStream) -> None:
        video.width, video.height = self._converter.size
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.time_base = Fraction(1, TICKS_A_SECOND)
        context.options = dict(_OPTIONS)
        # Threads of x264 that share one frame make it dearer in all, and the network needs the other cores.
        context.thread_count = 1
        context.gop_size = _KEY_EVERY
        context.color_range = ColorRange.MPEG
        context.colorspace = self._converter.colorspace
        context.color_primaries = context.color_trc = BT709


class _Written:
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take what the muxer writes."""
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """All that was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _codec_name(parameters: bytes) -> str:
    """`avc1.` and profile, constraints and level out of the sequence parameters, which stand behind a start code."""
    _, _, sequence = parameters.partition(b"\x00\x00\x01\x67")
    return f"avc1.{sequence[:3].hex()}"
