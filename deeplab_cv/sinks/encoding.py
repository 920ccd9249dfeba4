"""Which codec a video file gets, and how FFmpeg's encoders are told; colours from BGR to YUV."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import av.codec
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from deeplab_cv.errors import UsageError
from deeplab_cv.frames import pixels
from deeplab_cv.frames.pixels import Image, Pixels, assumed_matrix, deep_samples, resize, samples
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.processor import usable_cores
from deeplab_cv.sinks.options import OutputOptions

BT709 = 1
"""FFmpeg's number for the primaries, transfer and matrix of HD television; screens and cameras share the first two."""

_BT601 = 6

# swscale's quick default rounds down: every channel 1 to 2 levels too dark. PyAV names these flags (SWS_ACCURATE_RND,
# SWS_FULL_CHR_H_INT, SWS_FULL_CHR_H_INP) from version 18 on only.
_EXACT = Interpolation.BICUBIC | 0x40000 | 0x2000 | 0x4000

CODECS_OF_CONTAINER: Mapping[str, tuple[str, ...]] = {
    ".mp4": ("h264", "hevc", "av1", "vp9"),
    ".mov": ("h264", "hevc"),
    ".mkv": ("h264", "hevc", "av1", "vp9"),
    ".webm": ("vp9", "av1"),
}
"""What each extension can hold; the first is taken when nothing is said."""

_X264_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)


@dataclass(frozen=True)
class _Encoder:
    library: str
    highest_crf: int
    crf: int
    presets: tuple[str, ...]
    preset: str


_TRANSPARENT_CODECS: Mapping[str, str] = {".webm": "vp9", ".mov": "prores"}
"""The codec that keeps transparency, in the containers that players and editors expect it in."""


# Default presets are those that keep pace with live video on two processor cores.
_ENCODERS: Mapping[str, _Encoder] = {
    "h264": _Encoder("libx264", 51, 17, _X264_PRESETS, "superfast"),
    "hevc": _Encoder("libx265", 51, 20, _X264_PRESETS, "ultrafast"),
    "vp9": _Encoder("libvpx-vp9", 63, 24, tuple(str(number) for number in range(9)), "8"),
    "av1": _Encoder("libsvtav1", 63, 24, tuple(str(number) for number in range(14)), "9"),
}

_X264_DEFAULT = "mbtree=1:rc-lookahead=10"
"""superfast with veryfast's look ahead: no worse than veryfast at crf 18, in two thirds of its time."""


@dataclass(frozen=True)
class Encoding:
    """An encoder and what it is told.

    Attributes:
        library: FFmpeg's name of the encoder, such as libx264.
        options: FFmpeg's options for it.
        threads: how many threads it may use.
        tag: the codec's four letters in MP4 and MOV, empty where FFmpeg's choice is right.
        pixel_format: what the encoder is given, FFmpeg's word.
    """

    library: str
    options: Mapping[str, str]
    threads: int
    tag: str
    pixel_format: str = "yuv420p"

    @property
    def transparent(self) -> bool:
        """The file keeps how opaque each pixel is."""
        return self.pixel_format.startswith("yuva")


def choose_encoding(
    path: Path, options: OutputOptions, *, transparent: bool = False, ten_bits: bool = False
) -> Encoding:
    """The encoding for a file of this name.

    Args:
        path: its extension decides the container.
        options: codec, crf and preset.
        transparent: keep transparency, where the container and the codec asked for can.
        ten_bits: keep 10 bits a sample, where the codec is HEVC.

    Raises:
        UsageError: the parts do not fit together.
    """
    suffix = path.suffix.lower()
    if suffix not in CODECS_OF_CONTAINER:
        raise UsageError("not a video file's extension", path, f"use one of {' '.join(CODECS_OF_CONTAINER)}")
    allowed = CODECS_OF_CONTAINER[suffix]
    codec, crf, preset = options.codec or allowed[0], options.crf, options.preset
    if codec not in allowed:
        raise UsageError(f"{suffix} cannot hold {codec}", path, f"use --codec {' or '.join(allowed)}, or .mkv")
    encoder = _ENCODERS[codec]
    if crf is not None and crf > encoder.highest_crf:
        raise UsageError(f"--crf is too high for {codec}", crf, f"allowed are 0 to {encoder.highest_crf}")
    if preset is not None and preset not in encoder.presets:
        raise UsageError(f"no such preset of {codec}", f"--preset {preset}", f"use one of {' '.join(encoder.presets)}")
    transparent_codec = _TRANSPARENT_CODECS.get(suffix) if transparent else None
    if transparent_codec == "prores" and options.codec is None:
        return _prores(path, options)
    _check_library(encoder.library, codec)
    threads = _encoder_threads()
    quality = {"crf": str(encoder.crf if crf is None else crf)}
    speed = _speed_options(codec, preset or encoder.preset, threads)
    if codec == "h264" and preset is None:
        speed["x264-params"] = _X264_DEFAULT
    if transparent_codec == codec:
        # Pictures out of order have no transparency in VP9.
        return Encoding(encoder.library, quality | speed | {"auto-alt-ref": "0"}, threads, "", "yuva420p")
    if codec == "hevc":
        return Encoding(encoder.library, quality | speed, threads, "hvc1", "yuv420p10le" if ten_bits else "yuv420p")
    return Encoding(encoder.library, quality | speed, threads, "")


def _prores(path: Path, options: OutputOptions) -> Encoding:
    for flag, value in (("--crf", options.crf), ("--preset", options.preset)):
        if value is not None:
            what = f"ProRes, which keeps a cut-out transparent, has no {flag}"
            raise UsageError(what, path, "leave it out, name a --codec, or write a .webm")
    _check_library("prores_ks", "ProRes")
    return Encoding("prores_ks", {"profile": "4444", "vendor": "apl0"}, _encoder_threads(), "", "yuva444p10le")


def writable_codecs() -> list[str]:
    """The codecs that videos can be written in here, as --codec takes them."""
    return [codec for codec, encoder in _ENCODERS.items() if _has_library(encoder.library)]


def _has_library(library: str) -> bool:
    try:
        av.codec.Codec(library, "w")
    except ValueError:
        return False
    return True


def _check_library(library: str, codec: str) -> None:
    try:
        av.codec.Codec(library, "w")
    except ValueError as error:
        remedy = "pip install --force-reinstall --only-binary av av, or another --codec"
        raise UsageError(f"this PyAV cannot write {codec}", library, remedy) from error


def _encoder_threads() -> int:
    # Half of the cores: decoding and the network need the rest.
    return max(1, min(8, usable_cores() // 2))


def _speed_options(codec: str, preset: str, threads: int) -> dict[str, str]:
    if codec == "vp9":
        # libvpx heeds 6 and above only in realtime mode.
        deadline = "realtime" if int(preset) >= 6 else "good"
        return {"deadline": deadline, "cpu-used": preset, "row-mt": "1"}
    if codec == "av1":
        return {"preset": preset, "svtav1-params": f"lp={threads}"}
    if codec == "hevc":
        return {"preset": preset, "x265-params": f"log-level=error:pools={threads}"}
    return {"preset": preset}


class YuvConverter:
    """BGR pictures -> frames of YUV, limited range, without a shift of colours; 8-bit 4:2:0 where not said otherwise.

    HD takes the BT.709 matrix and SD that of BT.601, as players assume where a file says nothing; the file says it.
    """

    def __init__(self, size: Size, *, pixel_format: str = "yuv420p", matrix: int | None = None) -> None:
        """Nothing is converted yet.

        Args:
            size: of the frames, in pixels, both even.
            pixel_format: of the frames, FFmpeg's word.
            matrix: what turns RGB into YUV, FFmpeg's number; what players assume without it.
        """
        self.size = size
        self._format = pixel_format
        self._matrix = assumed_matrix(size)
        high_definition = self._matrix == pixels.BT709
        self.colorspace = matrix or (BT709 if high_definition else _BT601)
        # FFmpeg has two numbers for BT.601, swscale another one.
        self._swscale_matrix = int(Colorspace.ITU601) if self.colorspace == _BT601 else self.colorspace
        self._reformatter = VideoReformatter()

    def frame_of(self, picture: Pixels) -> VideoFrame:
        """The picture's own planes where they are what the file holds; else those made of its BGR or BGRA form."""
        if self._format.startswith("yuva"):
            return self._transparent(picture)
        planes = picture.planes
        if self._format != "yuv420p" or planes is None or planes.matrix != self._matrix or picture.size != self.size:
            return self.convert(picture.image)
        frame = VideoFrame(*self.size, "yuv420p")
        for stored, plane in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
            samples(stored)[:] = plane
        return frame

    def convert(self, picture: Image) -> VideoFrame:
        """A picture of any size, uint8 (H, W, 3), BGR, as a frame: with black borders where its size is another.

        The frame has no transparency, even where the file has.
        """
        frame = VideoFrame.from_ndarray(self._fitted(picture), format="bgr24")
        return self._reformatter.reformat(
            frame,
            format=self._format.replace("yuva", "yuv"),
            dst_colorspace=self._swscale_matrix,
            dst_color_range=ColorRange.MPEG,
            interpolation=_EXACT,
            threads=1,
        )

    def _transparent(self, picture: Pixels) -> VideoFrame:
        transparent = picture.transparent
        colours = self.convert(picture.image if transparent is None else transparent[..., :3])
        frame = VideoFrame(*self.size, self._format)
        opaque = np.full(picture.size.hw, 255, np.uint8)
        opacity = self._fitted(opaque if transparent is None else np.ascontiguousarray(transparent[..., 3]))
        *colour_planes, opacity_plane = frame.planes
        if self._format.endswith("10le"):
            deep_samples(opacity_plane)[:] = np.rint(opacity * (1023 / 255))
            for stored, converted in zip(colour_planes, colours.planes, strict=True):
                deep_samples(stored)[:] = deep_samples(converted)
        else:
            samples(opacity_plane)[:] = opacity
            for stored, converted in zip(colour_planes, colours.planes, strict=True):
                samples(stored)[:] = samples(converted)
        return frame

    def _fitted(self, picture: Image) -> Image:
        stored = Size.of(picture)
        if stored == self.size:
            return picture
        if even_size(stored) != self.size:
            scale = min(self.size.width / stored.width, self.size.height / stored.height)
            inner = Size(max(1, round(stored.width * scale)), max(1, round(stored.height * scale)))
            picture = resize(picture, inner, cv2.INTER_AREA)
            border = cv2.BORDER_CONSTANT
        else:
            border = cv2.BORDER_REPLICATE
        right, below = self.size.width - picture.shape[1], self.size.height - picture.shape[0]
        left, above = (right // 2, below // 2) if border == cv2.BORDER_CONSTANT else (0, 0)
        padded = cv2.copyMakeBorder(picture, above, below - above, left, right - left, border)
        return np.asarray(padded, np.uint8)


def even_size(size: Size) -> Size:
    """The size of the file for pictures of this size: 4:2:0 has one colour sample for two pixels each way.

    An odd side grows by one pixel, a copy of the last, so that every pixel of the picture stays what it is.
    """
    return Size(size.width + size.width % 2, size.height + size.height % 2)
