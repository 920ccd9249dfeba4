"""Small real inputs for the tests of sinks: clips with sound, painted frames, and what a written file holds."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size

NTSC = Fraction(30000, 1001)

TICK = Fraction(1, 30000)
STEADY = [1001 * number for number in range(24)]
"""Timestamps of 24 frames at NTSC's rate, in TICKs."""
SIZE = Size(64, 48)

_EXACT = Interpolation.BICUBIC | 0x40000 | 0x2000
"""With swscale's SWS_ACCURATE_RND and SWS_FULL_CHR_H_INT."""


def scene(number: int, size: Size) -> np.ndarray:
    """A picture with soft colours all over and a bar that moves on with each number."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    picture = np.stack([40 + 180 * x, 220 - 160 * y, 60 + 120 * x * y], axis=2).astype(np.uint8)
    left = (7 * number) % max(1, width - 8)
    cv2.rectangle(picture, (left, height // 4), (left + 8, height // 2), (30, 60, 200), -1)
    return picture


def painted(
    picture: np.ndarray,
    index: int = 0,
    pts: int | None = None,
    time_base: Fraction = Fraction(1, 25),
    labels: np.ndarray | None = None,
    name: str = "",
) -> Painted:
    """A painted frame whose picture is the frame itself."""
    frame = Frame(Pixels(image=picture), index, index if pts is None else pts, time_base, 0.0, name=name)
    found = np.zeros(picture.shape[:2], np.uint8) if labels is None else labels
    return Painted(frame, found, Pixels(image=picture), VOC_CLASSES)


def cut_out(picture: np.ndarray, opacity: np.ndarray, index: int = 0) -> Painted:
    """A painted frame that is transparent."""
    frame = Frame(Pixels(image=picture), index, index, Fraction(1, 25), 0.0)
    pixels = Pixels(
        image=lambda: np.full_like(picture, 204), transparent=lambda: np.dstack([picture, opacity]).astype(np.uint8)
    )
    return Painted(frame, np.zeros(picture.shape[:2], np.uint8), pixels, VOC_CLASSES)


def disc(size: Size) -> np.ndarray:
    """The opacity of a disc in the middle with a soft edge: uint8 (H, W)."""
    x, y = np.meshgrid(np.arange(size.width), np.arange(size.height))
    distance = np.hypot(x - size.width / 2, y - size.height / 2)
    return np.rint(np.clip(size.height / 3 - distance, -3, 3) * (255 / 6) + 127.5).astype(np.uint8)


def info_of(path: Path | None = None, rate: Fraction | None = Fraction(25), **changes: object) -> SourceInfo:
    """What a source would say of the clip at `path`, or of frames without a file."""
    facts = {
        "name": path.name if path else "frames",
        "size": Size(64, 48),
        "frame_rate": rate,
        "frame_count": None,
        "live": False,
        "time_base": Fraction(1, 25),
        "path": path,
        "tracks": path is not None,
    }
    return SourceInfo(**(facts | changes))


def write_clip(
    path: Path,
    pts: list[int],
    time_base: Fraction,
    size: Size = Size(64, 48),
    sound_codecs: tuple[str, ...] = ("aac",),
    sound_start_s: Fraction = Fraction(0),
) -> Path:
    """A real clip: a picture for each of `pts`, and tones as long as the pictures in each of `sound_codecs`."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=NTSC)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = time_base
        sounds = [container.add_stream(codec, rate=48000) for codec in sound_codecs]
        for number, moment in enumerate(pts):
            frame = av.VideoFrame.from_ndarray(scene(number, size), format="bgr24")
            frame.pts, frame.time_base = moment, time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for number, stream in enumerate(sounds):
            seconds = float((pts[-1] - pts[0]) * time_base) + 0.1
            container.mux(stream.encode(_tone(440 * (number + 1), seconds, sound_start_s)))
            container.mux(stream.encode(None))
    return path


def with_subtitles(clip: Path, path: Path, codec: str, texts: list[tuple[Fraction, str]]) -> Path:
    """The clip with tags and with subtitles of 0.3 s each, that begin at these times in seconds."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        out.metadata.update({"title": "Schafe & Hunde", "creation_time": "2024-05-06T07:08:09.000000Z"})
        out.metadata.update({"comment": "spät", "encoder": "somebody's", "location": "+48.1+011.5/"})
        copies = {stream.index: out.add_stream_from_template(stream, opaque=True) for stream in source.streams}
        for copy in copies.values():
            copy.metadata["language"] = "ita"
        subtitles = out.add_stream(codec)
        # FFmpeg's encoders of subtitles are opened with a header of ASS, even where they are given no text.
        subtitles.codec_context.subtitle_header = b"[Script Info]\n[V4+ Styles]\n[Events]\n"
        subtitles.metadata["language"] = "fra"
        subtitles.time_base = Fraction(1, 1000)
        packets = [packet for packet in source.demux() if packet.dts is not None]
        for packet in packets:
            packet.stream = copies[packet.stream_index]
        for start_s, text in texts:
            data = text.encode()
            packet = av.Packet(len(data).to_bytes(2, "big") + data if codec == "mov_text" else data)
            packet.stream, packet.time_base = subtitles, Fraction(1, 1000)
            packet.pts = packet.dts = round(start_s * 1000)
            packet.duration = 300
            packets.append(packet)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


def _tone(hertz: int, seconds: float, start_s: Fraction) -> av.AudioFrame:
    wave = np.sin(2 * np.pi * hertz * np.arange(int(seconds * 48000)) / 48000).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]) * 0.3, format="fltp", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), round(start_s * 48000)
    return frame


@dataclass(frozen=True)
class Clip:
    """What a video file holds.

    Attributes:
        pictures: each decoded frame, BGR.
        times_s: each frame's presentation time, exact.
        stream: the facts of the picture stream.
        sounds: for each sound stream its packets: time in seconds and bytes.
    """

    pictures: list[np.ndarray]
    times_s: list[Fraction]
    stream: dict[str, object]
    sounds: list[list[tuple[Fraction, bytes]]]


def read_clip(path: Path) -> Clip:
    """The file opened again and read to its end."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        frames = list(container.decode(video))
        context = video.codec_context
        stream = {
            "codec": context.name,
            "tag": video.codec_tag,
            "pix_fmt": context.pix_fmt,
            "size": Size(context.width, context.height),
            "time_base": video.time_base,
            "average_rate": video.average_rate,
            "duration_s": None if video.duration is None else video.duration * video.time_base,
            "range": context.color_range,
            "matrix": context.colorspace,
            "primaries": context.color_primaries,
            "transfer": context.color_trc,
        }
        pictures = [to_bgr(frame) for frame in frames]
        times_s = [frame.pts * video.time_base for frame in frames]
        count = len(container.streams.audio)
    return Clip(pictures, times_s, stream, [sound_packets(path, number) for number in range(count)])


def read_transparent(path: Path) -> list[np.ndarray]:
    """Every picture of a video file with its opacity: uint8 (H, W, 4), BGRA."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        # FFmpeg's own decoder of VP9 knows no transparency.
        decoder = video.codec_context if video.codec.name != "vp9" else av.CodecContext.create("libvpx-vp9", "r")
        frames = [
            frame for packet in container.demux(video) for frame in decoder.decode(packet if packet.size else None)
        ]
    return [frame.reformat(format="bgra", interpolation=_EXACT).to_ndarray() for frame in frames]


def sound_packets(path: Path, number: int = 0) -> list[tuple[Fraction, bytes]]:
    """Time in seconds and bytes of each packet of one sound stream."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[number])
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in packets if packet.dts is not None]


def to_bgr(frame: av.VideoFrame) -> np.ndarray:
    """A decoded frame in BGR, with its own matrix and exact rounding."""
    return frame.reformat(format="bgr24", interpolation=_EXACT).to_ndarray()


def run_through(sink, pts, time_base=TICK, size=SIZE):
    """Write one scene for each timestamp; returns the sink."""
    for index, moment in enumerate(pts):
        sink.write(painted(scene(index, size), index, moment, time_base))
    return sink
