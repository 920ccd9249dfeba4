from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.conversion import square_pixel_size
from deeplab_cv.sources.pictures import read_picture
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import scene
from tests.sources.clips import (
    BLOCK,
    SAMPLES,
    fill,
    patches,
    read_all,
    set_display_matrix,
    write_frames,
    write_scenes,
    yuv_frame,
)

LOSSLESS = {"qp": "0", "preset": "ultrafast"}
MPEG, JPEG, UNTOLD = 1, 2, 2


def middles(picture):
    return picture[BLOCK // 2, BLOCK // 2 :: BLOCK].astype(int)


def first_picture(path):
    return read_all(VideoSource(path))[0].image


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 5, 6, 7, 9])
def test_colours_follow_the_matrix_and_range_the_file_tells(tmp_path, matrix, full_range):
    frame = yuv_frame(patches(), "yuv420p", matrix, full_range)
    color_range = JPEG if full_range else MPEG
    clip = write_frames(tmp_path / "c.mp4", [frame], "libx264", LOSSLESS, colorspace=matrix, color_range=color_range)

    error = middles(first_picture(clip)) - middles(patches())

    assert abs(error).max() <= 2  # 8-bit YUV holds no more
    assert abs(error.mean()) < 0.2


@pytest.mark.parametrize(("size", "matrix"), [("SD", 6), ("HD", 1)])
def test_without_a_told_matrix_small_pictures_are_bt601_and_large_ones_bt709(tmp_path, size, matrix):
    colours = patches(80 if size == "HD" else 24)
    clip = write_frames(tmp_path / "c.mkv", [yuv_frame(colours, "yuv420p", matrix, False)], "ffv1", colorspace=UNTOLD)

    assert abs(middles(first_picture(clip)) - middles(colours)).max() <= 2


@pytest.mark.parametrize(
    "pix_fmt", ["yuv422p", "yuv444p", "yuv410p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "yuv420p16le"]
)
def test_every_depth_and_subsampling_gives_the_same_colours(tmp_path, pix_fmt):
    clip = write_frames(tmp_path / "c.mkv", [yuv_frame(patches(), pix_fmt, 6, False)], "ffv1")

    assert abs(middles(first_picture(clip)) - middles(patches())).max() <= 2


@pytest.mark.parametrize(("pix_fmt", "codec"), [("gbrp", "utvideo"), ("bgr0", "ffv1"), ("rgb48le", "ffv1")])
def test_rgb_comes_through_unchanged(tmp_path, pix_fmt, codec):
    frame = av.VideoFrame.from_ndarray(patches(), format="bgr24").reformat(format=pix_fmt)
    clip = write_frames(tmp_path / ("c.avi" if codec == "utvideo" else "c.mkv"), [frame], codec)

    assert np.array_equal(first_picture(clip), patches())


def test_grey_becomes_three_equal_channels(tmp_path):
    frame = av.VideoFrame(32, 16, "gray")
    fill(frame.planes[0], np.tile(np.arange(16, 240, 7)[:32], (16, 1)))
    frame.color_range = MPEG

    picture = first_picture(write_frames(tmp_path / "c.mkv", [frame], "ffv1"))

    assert picture.shape == (16, 32, 3)
    assert np.array_equal(picture[..., 0], picture[..., 1])
    assert np.array_equal(picture[..., 0], picture[..., 2])
    assert (np.diff(picture[0, :, 0].astype(int)) > 0).all()


def test_transparent_parts_lie_over_black(tmp_path):
    bgra = np.dstack([np.full((16, 32, 3), 200, np.uint8), np.repeat([[0] * 16 + [255] * 16], 16, 0).astype(np.uint8)])
    clip = write_frames(tmp_path / "c.mkv", [av.VideoFrame.from_ndarray(bgra, format="bgra")], "ffv1")

    picture = first_picture(clip)

    assert (picture[:, :16] == 0).all()
    assert (picture[:, 16:] == 200).all()


def test_colours_that_cannot_be_converted_are_an_error_that_names_the_file(tmp_path):
    ycgco = 8
    frame = yuv_frame(patches(), "yuv420p", 1, False)
    clip = write_frames(tmp_path / "c.mkv", [frame], "ffv1", colorspace=ycgco, color_range=MPEG)

    with VideoSource(clip) as source, pytest.raises(SourceError, match=r"colours .*c\.mkv"):
        source.read()


@pytest.mark.parametrize("size", [Size(33, 17), Size(641, 3), Size(16, 2)])
def test_odd_sizes_keep_every_pixel(tmp_path, size):
    picture = scene(0, size)
    frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="bgr0")

    assert np.array_equal(first_picture(write_frames(tmp_path / "c.mkv", [frame], "ffv1")), picture)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((1, 0, 0, 1), lambda picture: picture),
        ((0, 1, -1, 0), lambda picture: np.rot90(picture, -1)),
        ((0, -1, 1, 0), lambda picture: np.rot90(picture, 1)),
        ((-1, 0, 0, -1), lambda picture: np.rot90(picture, 2)),
        ((-1, 0, 0, 1), lambda picture: picture[:, ::-1]),
        ((1, 0, 0, -1), lambda picture: picture[::-1]),
        ((0, 1, 1, 0), lambda picture: picture.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda picture: np.rot90(picture, 2).transpose(1, 0, 2)),
    ],
    ids=["as is", "clockwise", "counterclockwise", "upside down", "mirrored", "flipped", "transposed", "transversed"],
)
def test_pictures_are_turned_and_flipped_as_the_display_matrix_says(tmp_path, matrix, expected):
    clip = write_scenes(tmp_path / "c.mp4", count=1)
    stored = first_picture(clip)
    set_display_matrix(clip, matrix)

    with VideoSource(clip) as source:
        picture = source.read().image
        size = source.info.size

    assert np.array_equal(picture, expected(stored))
    assert size == Size.of(picture)
    assert picture.flags.c_contiguous


def test_a_phone_held_upright_gives_upright_pictures():
    clip = SAMPLES / "rotation90_3frames.mov"
    if not clip.exists():
        pytest.skip("needs ../shared/samples")

    assert [frame.size for frame in read_all(VideoSource(clip))] == [(320, 568)] * 3


def test_the_turned_sample_is_the_plain_one_turned_to_the_left():
    if not SAMPLES.exists():
        pytest.skip("needs ../shared/samples")
    with (
        VideoSource(SAMPLES / "dog_person_720p_2997_aac.mp4") as plain,
        VideoSource(SAMPLES / "derived_dog_rotate90.mp4") as turned,
    ):
        assert np.array_equal(turned.read().image, np.rot90(plain.read().image))


@pytest.mark.parametrize(
    ("stored", "aspect", "size"),
    [
        ((720, 576), Fraction(16, 15), (768, 576)),
        ((720, 576), Fraction(64, 45), (1024, 576)),
        ((720, 480), Fraction(8, 9), (720, 540)),
        ((854, 480), Fraction(1280, 1281), (854, 480)),
        ((640, 360), None, (640, 360)),
        ((640, 360), Fraction(1000, 1), (640, 360)),
    ],
)
def test_pixels_become_square_by_enlarging(stored, aspect, size):
    assert square_pixel_size(*stored, aspect) == size


def test_a_clip_of_oblong_pixels_is_read_at_its_display_size(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4", 2, (72, 48), sample_aspect_ratio=Fraction(4, 3))

    with VideoSource(clip) as source:
        assert source.info.size == Size(96, 48)
        assert source.read().image.shape == (48, 96, 3)


def test_a_video_that_changes_its_size_midway_keeps_its_first_size(tmp_path):
    parts = [
        write_scenes(tmp_path / f"{number}.h264", 3, size) for number, size in enumerate([Size(64, 48), Size(96, 64)])
    ]
    clip = tmp_path / "both.h264"
    clip.write_bytes(b"".join(part.read_bytes() for part in parts))

    assert [frame.size for frame in read_all(VideoSource(clip))] == [(64, 48)] * 6


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_frame_with_exif_is_turned_as_the_picture_it_came_from(tmp_path, orientation):
    photograph = tmp_path / "photograph.jpg"
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "a maker"
    Image.fromarray(scene(3, Size(64, 48))[..., ::-1]).save(photograph, exif=exif, quality=95)

    (frame,) = read_all(VideoSource(photograph))

    assert frame.size == (Size(64, 48) if orientation in Size(1, 3) else Size(48, 64))
    assert cv2.absdiff(frame.image, read_picture(photograph)).mean() < 2


@pytest.mark.parametrize(("codec", "library"), [("libvpx-vp9", "vp9"), ("libvpx", "vp8")])
def test_what_a_webm_leaves_transparent_lies_over_black(tmp_path, codec, library):
    path = tmp_path / f"{library}.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"auto-alt-ref": "0", "crf": "4", "b": "2M"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuva420p"
        stream.metadata["alpha_mode"] = "1"
        for _ in range(5):
            rgba = np.full((48, 64, 4), 200, np.uint8)
            rgba[:, :32, 3], rgba[:, 32:, 3] = 0, 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, format="rgba")))
        container.mux(stream.encode(None))

    frames = read_all(VideoSource(path))

    assert len(frames) == 5
    for frame in frames:
        assert frame.image[:, :28].max() < 8
        assert abs(frame.image[:, 36:].astype(int) - 200).max() < 8


def test_transparency_is_seen_after_a_seek_as_well(tmp_path):
    path = SAMPLES.parent / "cases" / "alpha-vp9.webm"
    if not path.is_file():
        pytest.skip("the shared cases are not here")

    frames = read_all(VideoSource(path, start=0.2))

    assert frames
    assert all(frame.image[50, 5].max() < 8 for frame in frames)
