"""Small real clips for the tests of sources: any pixel format, matrix, range, orientation; and files with faults."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deeplab_cv.frames.frame import Frame
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.source import Source
from tests.sinks.clips import scene

SAMPLES = Path(__file__).parent.parent.parent.parent / "shared" / "samples"

# Kr and Kb of FFmpeg's AVCOL_SPC numbers (ITU-T H.273, table 4).
WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
BLOCK = 16


def read_all(source: Source) -> list[Frame]:
    """Every frame up to the end; closes the source."""
    with source:
        return list(iter(source.read, None))


def patches(count: int = 24) -> np.ndarray:
    """Colours all over the cube, each a square of 16 pixels: uint8 (16, 16 * count, 3), BGR."""
    colours = np.random.default_rng(7).integers(0, 256, (count, 3)).astype(np.uint8)
    return np.tile(np.repeat(colours, BLOCK, axis=0), (BLOCK, 1, 1))


def yuv_frame(bgr: np.ndarray, pix_fmt: str, matrix: int, full_range: bool) -> av.VideoFrame:
    """BGR in YUV, computed here and not by FFmpeg: H.273, equations 20 to 38."""
    frame = av.VideoFrame(bgr.shape[1], bgr.shape[0], pix_fmt)
    bits = frame.format.components[0].bits
    kr, kb = WEIGHTS[matrix]
    blue, green, red = np.moveaxis(bgr / 255, 2, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    if full_range:
        planes = [luma * (2**bits - 1), *(part * (2**bits - 1) + 2 ** (bits - 1) for part in chroma)]
    else:
        scale = 2 ** (bits - 8)
        planes = [(16 + 219 * luma) * scale, *((128 + 224 * part) * scale for part in chroma)]
    for plane, values in zip(frame.planes, planes, strict=False):
        step = bgr.shape[1] // plane.width, bgr.shape[0] // plane.height
        fill(plane, np.round(values[:: step[1], :: step[0]]).clip(0, 2**bits - 1), bits)
    return frame


def fill(plane: av.video.plane.VideoPlane, values: np.ndarray, bits: int = 8) -> None:
    """Write values (height, width) into a plane."""
    samples = values.astype(np.uint8 if bits == 8 else np.uint16)
    padded = np.zeros((plane.height, plane.line_size // samples.itemsize), samples.dtype)
    padded[:, : samples.shape[1]] = samples
    plane.update(padded.tobytes())


def write_frames(
    path: Path,
    frames: Iterable[av.VideoFrame],
    codec: str,
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    **facts: object,
) -> Path:
    """A clip of the frames as they are; `facts` are set on the codec context."""
    frames = list(frames)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=25, options=codec_options or {})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        stream.codec_context.time_base = time_base
        for name, value in facts.items():
            setattr(stream.codec_context, name, value)
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number if pts is None else pts[number], time_base
            for name in ("colorspace", "color_range"):
                if name in facts:
                    setattr(frame, name, facts[name])
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_scenes(path: Path, count: int = 30, size: Size = Size(64, 48), **how: object) -> Path:
    """An H.264 clip of moving pictures with a key frame every ten and B-frames between."""
    frames = [av.VideoFrame.from_ndarray(scene(number, size), format="bgr24") for number in range(count)]
    frames = [frame.reformat(format="yuv420p") for frame in frames]
    return write_frames(path, frames, **{"codec": "libx264", "codec_options": {"g": "10", "bf": "2"}} | how)


def set_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write a, b, c, d into the display matrix of an MP4's first track (ISO/IEC 14496-12, 6.2.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (65536 * number for number in matrix)
    for place, number in enumerate((a, b, 0, c, d, 0, 0, 0, 1 << 30)):
        data[at + 4 * place : at + 4 * place + 4] = number.to_bytes(4, "big", signed=True)
    path.write_bytes(bytes(data))


def wipe_packet(path: Path, number: int) -> None:
    """Overwrite one packet's bytes with zeros."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    place = packets[number]
    data = bytearray(path.read_bytes())
    data[place.pos : place.pos + place.size] = bytes(place.size)
    path.write_bytes(bytes(data))
