import av
import numpy as np
import pytest

from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.pixels import Pixels, deep_samples
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.encoding import YuvConverter
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.ten_bits import TEN_BITS, frame_of_ten_bits
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import read_clip
from tests.sources.clips import fill, read_all, write_frames, write_scenes

SIZE = Size(64, 48)
PQ, HLG, BT2020, BT2020_MATRIX = 16, 18, 9, 9


def deep_clip(path, transfer=HLG, count=4):
    """A slope of all brightnesses in steps of one in 1023, in HEVC without loss."""
    frames = []
    for number in range(count):
        frame = av.VideoFrame(*SIZE, TEN_BITS)
        luma = 200 + number + np.arange(SIZE.width * SIZE.height).reshape(SIZE.hw) % 500
        for plane, values in zip(frame.planes, (luma, np.full((24, 32), 501), np.full((24, 32), 530)), strict=True):
            fill(plane, values, 10)
        frames.append(frame)
    facts = {"color_trc": transfer, "color_primaries": BT2020, "colorspace": BT2020_MATRIX, "color_range": 1}
    return write_frames(path, frames, "libx265", {"x265-params": "lossless=1:log-level=error"}, **facts)


def written_again(clip, out, options):
    with VideoSource(clip) as source:
        sink = VideoSink(out, source.info, options)
        for frame in iter(source.read, None):
            sink.write(Painted(frame, np.zeros(SIZE.hw, np.uint8), frame.pixels, ()))
        sink.finish()
    return read_clip(out).stream


@pytest.mark.parametrize(("transfer", "word"), [(PQ, "PQ"), (HLG, "HLG")])
def test_ten_bits_and_their_meaning_are_kept_with_hevc_and_a_line_says_so(tmp_path, caplog, transfer, word):
    caplog.set_level("INFO")
    clip = deep_clip(tmp_path / "in.mkv", transfer)

    stream = written_again(clip, tmp_path / "out.mp4", OutputOptions(codec="hevc", crf=4))

    assert (stream["codec"], stream["pix_fmt"], stream["tag"]) == ("hevc", TEN_BITS, "hvc1")
    assert (stream["matrix"], stream["primaries"], stream["transfer"]) == (BT2020_MATRIX, BT2020, transfer)
    assert caplog.messages == [f"in.mkv is HDR ({word}): its 10 bits are kept"]


def test_other_codecs_have_eight_bits_and_a_line_says_so(tmp_path, caplog):
    caplog.set_level("INFO")

    stream = written_again(deep_clip(tmp_path / "in.mkv"), tmp_path / "out.mp4", OutputOptions())

    assert stream["pix_fmt"] == "yuv420p"
    assert caplog.messages == ["in.mkv is HDR (HLG): written in 8 bits, --codec hevc keeps 10"]


def test_what_nobody_painted_reaches_the_encoder_bit_for_bit(tmp_path):
    frame = read_all(VideoSource(deep_clip(tmp_path / "in.mkv")))[0]
    image = frame.image.copy()
    image[:, :20] = (0, 0, 255)
    converter = YuvConverter(SIZE, pixel_format=TEN_BITS, matrix=BT2020_MATRIX)

    painted = frame_of_ten_bits(Painted(frame, None, Pixels(image=image), ()), converter)

    y, u, v = map(deep_samples, painted.planes)
    deep = frame.pixels.deep
    assert np.array_equal(y[:, 20:], deep.y[:, 20:])
    assert np.array_equal(u[:, 10:], deep.u[:, 10:]) and np.array_equal(v[:, 10:], deep.v[:, 10:])
    assert len(np.unique(y[:, 20:])) > 256
    assert (np.abs(y[:, :20].astype(int) - y[0, 0]) <= 1).all() and v[5, 5] > 900


def test_a_source_of_eight_bits_stays_so(tmp_path):
    clip = write_scenes(tmp_path / "in.mp4", 4)

    stream = written_again(clip, tmp_path / "out.mp4", OutputOptions(codec="hevc"))

    assert stream["pix_fmt"] == "yuv420p"


def test_a_mirrored_frame_keeps_its_ten_bits(tmp_path):
    frame = read_all(VideoSource(deep_clip(tmp_path / "in.mkv")))[0]

    assert np.array_equal(frame.pixels.flipped().deep.y, frame.pixels.deep.y[:, ::-1])
