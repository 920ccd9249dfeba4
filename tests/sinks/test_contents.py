from fractions import Fraction

import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.contents import Contents, playable
from tests.sinks.clips import write_clip


def test_a_whole_file_has_all_its_frames(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", list(range(50)), Fraction(1, 25))

    assert playable(clip) == Contents(50, 2.0, all_seen=True)


@pytest.mark.parametrize("name", ["in.mkv", "in.ts"])
def test_a_file_that_breaks_off_has_what_comes_before(tmp_path, name):
    clip = write_clip(tmp_path / name, list(range(250)), Fraction(1, 25), Size(320, 240), sound_codecs=())
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])

    found = playable(clip)

    assert 0 < found.frames < 250
    assert found.seconds == pytest.approx(found.frames / 25, abs=0.2)


def test_no_more_is_read_than_there_is_time_for(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", list(range(250)), Fraction(1, 25), sound_codecs=())

    found = playable(clip, looks_for_s=-1)

    assert 0 < found.frames < 250
    assert not found.all_seen


@pytest.mark.parametrize("data", [b"", b"no video", bytes(10_000)])
def test_of_what_is_no_video_nothing_plays(tmp_path, data):
    for name in ("a.mp4", "a.mkv"):
        (tmp_path / name).write_bytes(data)

        assert playable(tmp_path / name) is None


def test_sound_alone_is_no_video(tmp_path):
    clip = write_clip(tmp_path / "in.mkv", [0], Fraction(1, 25))
    clip.write_bytes(clip.read_bytes()[:700])

    assert playable(clip) is None
