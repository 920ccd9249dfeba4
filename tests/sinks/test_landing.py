import os
from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.sinks.landing import FrameFiles, check_output, check_output_folder, write_whole
from tests.sinks.clips import painted

PICTURE = np.zeros((2, 2, 3), np.uint8)
READ_ONLY = Path("/proc")


def frame_named(name, index=0):
    return painted(PICTURE, index, name=str(name)).frame


def test_a_new_file_in_a_folder_that_can_be_written_is_fine_and_nothing_is_left_by_looking(tmp_path):
    check_output(tmp_path / "out.mp4", [tmp_path / "in.mp4"])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard"])
def test_an_output_that_is_the_input_under_whatever_name_is_refused(tmp_path, link):
    original, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    original.write_bytes(b"film")
    if link == "itself":
        out = tmp_path / "." / "in.mp4"
    elif link == "symbolic":
        out.symlink_to(original)
    else:
        os.link(original, out)

    with pytest.raises(UsageError, match="the output is the input itself"):
        check_output(out, [tmp_path / "other.mp4", original])


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="the output is a folder"):
        check_output(tmp_path, [])


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SinkError, match=r"no such folder to write in: .*nowhere; make it first"):
        check_output(tmp_path / "nowhere" / "out.mp4", [])


@pytest.mark.skipif(not READ_ONLY.is_dir(), reason="no /proc, where even root cannot make files")
def test_a_folder_that_refuses_is_found_before_anything_is_done():
    with pytest.raises(SinkError, match="/proc"):
        check_output(READ_ONLY / "out.mp4", [])
    with pytest.raises(SinkError, match="/proc"):
        check_output_folder(READ_ONLY / "new" / "masks")


def test_a_folder_to_be_made_is_fine_and_not_made_yet(tmp_path):
    check_output_folder(tmp_path / "new" / "masks")

    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path):
    (tmp_path / "masks").write_text("not a folder")

    with pytest.raises(UsageError, match="this is a file where a folder is needed"):
        check_output_folder(tmp_path / "masks")


def test_a_small_file_is_written_whole_or_not_at_all(small_disk):
    path = small_disk / "mask.png"
    path.write_bytes(b"older")

    with pytest.raises(SinkError, match="the disk is full"):
        write_whole(path, bytes(1_000_000))

    assert path.read_bytes() == b"older"
    assert [found.name for found in small_disk.iterdir()] == ["mask.png"]


def test_frames_of_a_video_are_numbered_with_zeros(tmp_path):
    files = FrameFiles(tmp_path, ".png", None)

    assert [files.path_for(frame_named("", index)).name for index in (0, 41)] == ["000000.png", "000041.png"]


def test_numbers_get_wider_for_very_long_videos(tmp_path):
    files = FrameFiles(tmp_path, ".png", 12_000_000)

    assert files.path_for(frame_named("", 5)).name == "00000005.png"


def test_pictures_keep_their_names_and_no_two_get_one(tmp_path):
    files = FrameFiles(tmp_path / "out", ".png", 4)

    names = [files.path_for(frame_named(f"/in/{name}")).name for name in ("a.jpg", "a.png", "A.webp", "b.v2.jpg")]

    assert names == ["a.png", "a-2.png", "A-3.png", "b.v2.png"]


def test_an_original_in_the_same_folder_is_never_written_over(tmp_path):
    (tmp_path / "dog.jpg").write_bytes(b"one picture")
    (tmp_path / "dog.png").write_bytes(b"another picture")
    files = FrameFiles(tmp_path, ".png", 2)

    with pytest.raises(SinkError, match="would write over a file beside the originals"):
        files.path_for(frame_named(tmp_path / "dog.jpg"))


def test_a_second_run_into_its_own_folder_writes_the_same_names(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "dog.png").write_bytes(b"of the first run")

    assert FrameFiles(tmp_path / "out", ".png", 1).path_for(frame_named(tmp_path / "in" / "dog.jpg")).name == "dog.png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_a_device_and_a_link_to_one_are_no_outputs(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "null.mp4").symlink_to("/dev/null")

    for path in (tmp_path / "pipe.mp4", tmp_path / "null.mp4"):
        with pytest.raises(UsageError, match="a device or a pipe"):
            check_output(path, [])
        with pytest.raises(SinkError, match="a device or a pipe"):
            write_whole(path, b"data")
    with pytest.raises(UsageError, match="for devices"):
        check_output(Path("/dev/null.mp4"), [])


def test_a_link_stays_a_link_and_what_it_points_to_is_written(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out.png").symlink_to(tmp_path / "disk" / "real.png")

    check_output(tmp_path / "out.png", [])
    write_whole(tmp_path / "out.png", b"data")

    assert (tmp_path / "out.png").is_symlink()
    assert (tmp_path / "disk" / "real.png").read_bytes() == b"data"


def test_older_files_of_a_folder_are_told_of_before_and_after(tmp_path, caplog):
    for number in range(25):
        (tmp_path / f"{number:06}.png").touch()

    files = FrameFiles(tmp_path, ".png", 10)
    for number in range(10):
        files.path_for(frame_named("", number))

    assert "25 older .png files are already in it; those of the same names are replaced" in caplog.text
    assert files.note == "15 older files are still in the folder"
