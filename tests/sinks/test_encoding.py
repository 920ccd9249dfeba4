from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.pixels import deep_samples, samples
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.encoding import YuvConverter, choose_encoding, even_size
from deeplab_cv.sinks.options import OutputOptions
from tests.sinks.clips import cut_out, painted, to_bgr

levels = st.integers(0, 255)


@pytest.mark.parametrize(
    ("name", "codec", "library"),
    [
        ("a.mp4", None, "libx264"),
        ("a.MP4", None, "libx264"),
        ("a.mov", None, "libx264"),
        ("a.mkv", None, "libx264"),
        ("a.webm", None, "libvpx-vp9"),
        ("a.mp4", "hevc", "libx265"),
        ("a.webm", "av1", "libsvtav1"),
    ],
)
def test_the_extension_decides_unless_a_codec_is_named(name, codec, library):
    assert choose_encoding(Path(name), OutputOptions(codec=codec)).library == library


@pytest.mark.parametrize(
    ("name", "codec", "crf", "preset", "message"),
    [
        ("a.avi", None, None, None, r"not a video file's extension: a\.avi; use one of \.mp4"),
        ("a", None, None, None, "not a video file's extension: a;"),
        ("a.webm", "hevc", None, None, r"\.webm cannot hold hevc: a\.webm; use --codec vp9 or av1, or \.mkv"),
        ("a.mov", "av1", None, None, r"\.mov cannot hold av1"),
        ("a.mp4", None, 52, None, "--crf is too high for h264: 52; allowed are 0 to 51"),
        ("a.mp4", "h264", None, "8", "no such preset of h264: --preset 8; use one of ultrafast"),
        ("a.webm", None, None, "veryfast", "no such preset of vp9: --preset veryfast; use one of 0 1 2"),
    ],
)
def test_what_does_not_fit_together_is_said_in_one_line(name, codec, crf, preset, message):
    with pytest.raises(UsageError, match=message) as raised:
        choose_encoding(Path(name), OutputOptions(codec=codec, crf=crf, preset=preset))

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "codec", "library", "transparent"),
    [
        ("a.webm", None, "libvpx-vp9", True),
        ("a.WEBM", "vp9", "libvpx-vp9", True),
        ("a.mov", None, "prores_ks", True),
        ("a.mov", "h264", "libx264", False),
        ("a.webm", "av1", "libsvtav1", False),
        ("a.mp4", None, "libx264", False),
        ("a.mp4", "vp9", "libvpx-vp9", False),
        ("a.mkv", "vp9", "libvpx-vp9", False),
    ],
)
def test_webm_and_mov_keep_transparency_where_no_other_codec_is_named(name, codec, library, transparent):
    encoding = choose_encoding(Path(name), OutputOptions(codec=codec), transparent=True)

    assert (encoding.library, encoding.transparent) == (library, transparent)
    assert not choose_encoding(Path(name), OutputOptions(codec=codec)).transparent


@pytest.mark.parametrize(("option", "value"), [("crf", 20), ("preset", "fast")])
def test_what_prores_does_not_have_is_refused_in_one_line(option, value):
    with pytest.raises(UsageError, match=f"ProRes, which keeps a cut-out transparent, has no --{option}: a.mov"):
        choose_encoding(Path("a.mov"), OutputOptions(**{option: value}), transparent=True)


@pytest.mark.parametrize("pixel_format", ["yuva420p", "yuva444p10le"])
def test_opacity_reaches_the_encoder_to_the_last_step(pixel_format):
    opacity = np.arange(256, dtype=np.uint8).reshape(16, 16).repeat(2, axis=1)
    converter = YuvConverter(Size(32, 16), pixel_format=pixel_format)

    frame = converter.frame_of(cut_out(np.full((16, 32, 3), 90, np.uint8), opacity).pixels)

    assert frame.format.name == pixel_format
    alpha = (samples if pixel_format == "yuva420p" else deep_samples)(frame.planes[3])
    highest = 255 if pixel_format == "yuva420p" else 1023
    np.testing.assert_allclose(alpha / highest, opacity / 255, atol=0.5 / highest)


def test_a_picture_without_transparency_is_opaque_in_a_transparent_file():
    frame = YuvConverter(Size(32, 16), pixel_format="yuva420p").frame_of(
        painted(np.full((16, 32, 3), 90, np.uint8)).pixels
    )

    assert (samples(frame.planes[3]) == 255).all()


def test_crf_and_preset_reach_the_encoder():
    options = choose_encoding(Path("a.mp4"), OutputOptions(codec="av1", crf=40, preset="12")).options

    assert options["crf"] == "40"
    assert options["preset"] == "12"


def test_a_preset_by_name_is_x264_s_own_and_the_default_looks_ahead():
    assert "x264-params" not in choose_encoding(Path("a.mp4"), OutputOptions(preset="superfast")).options
    assert choose_encoding(Path("a.mp4"), OutputOptions(crf=20)).options["x264-params"] == "mbtree=1:rc-lookahead=10"


@pytest.mark.parametrize("size", [Size(64, 36), Size(1280, 720)])
@given(colour=st.tuples(levels, levels, levels))
@settings(max_examples=40)
def test_a_plain_colour_comes_back_through_either_matrix(size, colour):
    picture = np.full((size.height, size.width, 3), colour, np.uint8)

    back = to_bgr(YuvConverter(size).convert(picture))

    assert np.abs(back.astype(int) - picture).max() <= 3


@given(width=st.integers(1, 40), height=st.integers(1, 40))
@settings(max_examples=40)
def test_every_size_becomes_even_and_keeps_its_pixels_where_they_were(width, height):
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = 255

    frame = YuvConverter(even_size(Size(width, height))).convert(picture)

    luma = frame.to_ndarray()[: frame.height, : frame.width]
    assert (frame.width, frame.height) == (width + width % 2, height + height % 2)
    assert np.array_equal(luma[:height, :width] > 128, picture[..., 0] > 128)
    assert np.array_equal(luma[:, -1], luma[:, width - 1])
    assert np.array_equal(luma[-1], luma[height - 1])


def test_limited_range_has_black_at_16_and_white_at_235():
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, 32:] = 255

    luma = YuvConverter(Size(64, 32)).convert(picture).to_ndarray()[:32]

    assert luma[0, 0] == 16 and luma[0, -1] == 235
