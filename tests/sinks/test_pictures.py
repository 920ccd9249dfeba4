import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.pictures import PICTURE_EXTENSIONS, PictureFolderSink, PicturePipe, PictureSink
from deeplab_cv.sinks.sink import Written
from tests.sinks.clips import cut_out, disc, painted, scene
from tests.sinks.pipes import filled_pipe

PICTURE = scene(0, Size(64, 48))


def read(path):
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("extension", [*PICTURE_EXTENSIONS, ".PNG"])
def test_every_extension_makes_its_own_format(tmp_path, extension):
    path = tmp_path / f"größe 犬{extension}"

    sink = PictureSink(path)
    sink.write(painted(PICTURE))

    assert sink.finish() == Written(path, 1)
    assert np.abs(read(path).astype(int) - PICTURE).mean() < 4
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tiff"])
def test_formats_without_loss_hold_the_picture_exactly(tmp_path, extension):
    PictureSink(tmp_path / f"a{extension}").write(painted(PICTURE))

    assert np.array_equal(read(tmp_path / f"a{extension}"), PICTURE)


@pytest.mark.parametrize("size", [Size(1, 1), Size(20000, 30)])
def test_the_smallest_and_the_longest_picture_are_written(tmp_path, size):
    picture = scene(0, size)

    PictureSink(tmp_path / "a.png").write(painted(picture))

    assert np.array_equal(read(tmp_path / "a.png"), picture)


def test_a_size_the_format_cannot_hold_is_one_line(tmp_path):
    with pytest.raises(SinkError, match="20000x30") as raised:
        PictureSink(tmp_path / "a.webp").write(painted(scene(0, Size(20000, 30))))

    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_never_written_over_its_original(tmp_path):
    original = tmp_path / "dog.png"
    original.write_bytes(b"the original")
    sink = PictureSink(original)

    with pytest.raises(UsageError, match="the output is the input itself"):
        sink.write(painted(PICTURE, name=str(original)))

    assert original.read_bytes() == b"the original"


def test_a_second_picture_does_not_replace_the_first(tmp_path):
    sink = PictureSink(tmp_path / "a.png")
    sink.write(painted(PICTURE))

    with pytest.raises(SinkError, match="more than one picture for one file"):
        sink.write(painted(scene(1, Size(64, 48))))

    assert np.array_equal(read(tmp_path / "a.png"), PICTURE)


def test_a_folder_takes_each_picture_under_its_own_name(tmp_path):
    sink = PictureFolderSink(tmp_path / "out", 2)

    for name in ("dog.jpg", "sheep.webp"):
        sink.write(painted(PICTURE, name=str(tmp_path / name)))

    assert sink.finish() == Written(tmp_path / "out", 2)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["dog.png", "sheep.png"]


def test_a_folder_takes_the_frames_of_a_video_numbered(tmp_path):
    sink = PictureFolderSink(tmp_path / "out", None)

    for index in range(2):
        sink.write(painted(scene(index, Size(64, 48)), index))

    assert np.array_equal(read(tmp_path / "out" / "000001.png"), scene(1, Size(64, 48)))


def test_a_job_stopped_before_its_first_picture_leaves_nothing(tmp_path):
    assert PictureSink(tmp_path / "a.png").abandon() is None
    assert PictureFolderSink(tmp_path / "out", None).abandon() is None
    assert list(tmp_path.iterdir()) == []


def as_stored(path):
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)


def test_a_cut_out_is_transparent_in_png_to_the_last_bit(tmp_path):
    opacity = disc(Size(64, 48))

    PictureSink(tmp_path / "a.png").write(cut_out(PICTURE, opacity))

    assert np.array_equal(as_stored(tmp_path / "a.png"), np.dstack([PICTURE, opacity]))


def test_a_cut_out_is_transparent_in_webp(tmp_path):
    opacity = disc(Size(64, 48))

    PictureSink(tmp_path / "a.webp").write(cut_out(PICTURE, opacity))

    stored = as_stored(tmp_path / "a.webp")
    assert np.array_equal(stored[..., 3], opacity)
    assert np.abs(stored[opacity > 0][:, :3].astype(int) - PICTURE[opacity > 0]).mean() < 4


@pytest.mark.parametrize("extension", [".jpg", ".bmp", ".tif"])
def test_other_formats_hold_the_checkerboard_and_a_line_says_so(tmp_path, caplog, extension):
    caplog.set_level("INFO")

    PictureSink(tmp_path / f"a{extension}").write(cut_out(PICTURE, disc(Size(64, 48))))

    assert np.abs(as_stored(tmp_path / f"a{extension}").astype(int) - 204).max() < 3
    assert caplog.messages == [
        f"a{extension}: the cut-outs lie on a checkerboard, which is part of the picture;"
        " a .png or a .webp is transparent"
    ]


def test_a_folder_s_pictures_are_transparent(tmp_path):
    opacity = disc(Size(64, 48))

    PictureFolderSink(tmp_path / "out", None).write(cut_out(PICTURE, opacity))

    assert np.array_equal(as_stored(tmp_path / "out" / "000000.png")[..., 3], opacity)


def test_a_pipe_takes_a_png_with_its_transparency():
    opacity = disc(Size(64, 48))
    reading, writing = os.pipe()
    sink = PicturePipe(writing)

    sink.write(cut_out(PICTURE, opacity))

    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        stored = cv2.imdecode(np.frombuffer(pipe.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(stored, np.dstack([PICTURE, opacity]))
    assert sink.finish() == Written(Path("stdout"), 1)


def test_a_picture_that_nobody_reads_is_one_line():
    reading, writing = os.pipe()
    os.close(reading)

    with pytest.raises(SinkError, match="cannot write: stdout"):
        PicturePipe(writing).write(painted(PICTURE))

    os.close(writing)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not say whether a pipe has room")
def test_a_reader_that_stands_still_does_not_hold_up_a_picture_s_run_that_is_stopped():
    _, writing = filled_pipe()
    sink = PicturePipe(writing)

    sink.hurry()
    sink.write(painted(PICTURE))

    assert sink.finish() == sink.abandon() == Written(Path("stdout"), 0, "not all of it was read")
