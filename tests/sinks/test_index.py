import random
import shutil
from fractions import Fraction

import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.leftovers import drafts_left_in
from deeplab_cv.sinks import index
from deeplab_cv.sinks.index import cut_to_whole_fragments, in_fragments, put_index_first, set_right
from deeplab_cv.sinks.video import VideoSink
from tests.sinks.clips import info_of, painted, read_clip, scene, sound_packets, write_clip

SIZE = Size(64, 48)


@pytest.fixture
def no_room(monkeypatch):
    monkeypatch.setattr(index, "_ROOM_LEFT", 1 << 62)


def written(path, clip=None, frames=50, whole=True):
    sink = VideoSink(path, info_of(clip), whole=whole)
    for number in range(frames):
        sink.write(painted(scene(number, SIZE), number))
    sink.finish()
    return path


@pytest.mark.parametrize(("name", "fragments"), [("a.mp4", True), ("a.MOV", True), ("a.mkv", False), ("a.webm", False)])
def test_only_mp4_and_mov_need_fragments(tmp_path, name, fragments):
    assert in_fragments(tmp_path / name) == fragments


@pytest.mark.parametrize("name", ["out.mp4", "out.mov"])
def test_without_room_for_a_second_copy_the_file_is_whole_and_its_index_last(tmp_path, no_room, name):
    clip = write_clip(tmp_path / "in.mp4", list(range(50)), Fraction(1, 25))

    path = written(tmp_path / name, clip)

    data = path.read_bytes()
    assert 0 < data.index(b"mdat") < data.rindex(b"moov")
    assert read_clip(path).times_s == [Fraction(number, 25) for number in range(50)]
    assert sound_packets(path) == sound_packets(clip)


def test_putting_the_index_first_changes_nothing_that_is_played(tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "in.mkv", list(range(50)), Fraction(1, 25), sound_codecs=("aac", "libmp3lame"))
    with monkeypatch.context() as patch:
        patch.setattr(index, "_ROOM_LEFT", 1 << 62)
        path = written(tmp_path / "out.mp4", clip)
    before, size = read_clip(path), path.stat().st_size

    assert put_index_first(path)

    after = read_clip(path)
    assert (after.times_s, after.sounds, after.stream) == (before.times_s, before.sounds, before.stream)
    assert [(one == other).all() for one, other in zip(after.pictures, before.pictures, strict=True)] == [True] * 50
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    # The heads of the fragments are gone.
    assert len(data) < size and b"moof" not in data


def test_a_file_that_no_muxer_of_ours_wrote_stays_as_it_is(tmp_path):
    random_bytes = random.Random(0).randbytes(5000)
    for number, data in enumerate([b"", b"short", random_bytes, bytes(5000)]):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(data)

        assert not put_index_first(path)

        assert path.read_bytes() == data
    assert list(drafts_left_in(tmp_path)) == []
    assert len(list(tmp_path.iterdir())) == 4


def test_a_sound_that_has_ended_before_the_part_that_is_written_leaves_no_empty_track(tmp_path):
    clip = write_clip(tmp_path / "in.mkv", list(range(10)), Fraction(1, 25))
    sink = VideoSink(tmp_path / "out.mp4", info_of(clip), whole=False)

    for number in range(100, 120):
        sink.write(painted(scene(number, SIZE), number))
    sink.finish()

    assert read_clip(tmp_path / "out.mp4").sounds == []
    assert len(read_clip(tmp_path / "out.mp4").pictures) == 20


def test_setting_right_twice_is_setting_right_once(tmp_path):
    path = written(tmp_path / "out.mp4")
    before = path.read_bytes()

    set_right(path)

    assert path.read_bytes() == before


def fragments_of(path):
    """A file as a killed run leaves it: copied while it is written."""
    sink = VideoSink(path, info_of())
    for number in range(40):
        sink.write(painted(scene(number, SIZE), number))
    ((draft, _),) = [(each, path) for each in path.parent.iterdir() if ".unfinished-" in each.name]
    copy = path.with_name("killed.mp4")
    shutil.copy(draft, copy)
    sink.abandon()
    return copy


@pytest.mark.parametrize("lost", [1, 9, 30, 200])
def test_a_file_cut_anywhere_is_cut_back_to_its_last_whole_fragment(tmp_path, lost):
    path = fragments_of(tmp_path / "out.mp4")
    all_of_it = len(read_clip(path).pictures)
    path.write_bytes(path.read_bytes()[:-lost])

    cut_to_whole_fragments(path)

    clip = read_clip(path)
    assert 0 < len(clip.pictures) < all_of_it
    assert clip.times_s == [Fraction(number, 25) for number in range(len(clip.pictures))]


def test_cutting_leaves_a_whole_file_alone(tmp_path):
    path = written(tmp_path / "out.mp4")
    before = path.read_bytes()

    cut_to_whole_fragments(path)

    assert path.read_bytes() == before
