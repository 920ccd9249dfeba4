import av
import pytest

from deeplab_cv.bench.instruments import clips
from deeplab_cv.bench.instruments.clips import clip_at
from deeplab_cv.errors import SourceError
from deeplab_cv.frames.size import Size
from tests.sources.clips import write_scenes


@pytest.fixture
def clip(tmp_path):
    return write_scenes(tmp_path / "walk.mp4", 12, Size(128, 72))


def facts_of(path):
    """Size and number of frames of a video."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return Size(stream.width, stream.height), sum(1 for _ in container.decode(video=0))


def test_a_clip_that_has_so_many_lines_is_taken_as_it_is(clip):
    assert clip_at(clip, 72) == clip


@pytest.mark.parametrize(("height", "size"), [(36, Size(64, 36)), (144, Size(256, 144)), (50, Size(88, 50))])
def test_another_height_is_a_copy_of_every_frame_in_the_same_aspect(clip, user_cache, height, size):
    copy = clip_at(clip, height)

    assert facts_of(copy) == (size, 12)
    assert copy.is_relative_to(user_cache)
    assert copy.name.startswith("walk-")


def test_a_copy_is_made_once(clip):
    made_at = clip_at(clip, 36).stat().st_mtime_ns

    assert clip_at(clip, 36).stat().st_mtime_ns == made_at


def test_no_more_frames_are_copied_than_are_measured(clip, monkeypatch):
    monkeypatch.setattr(clips, "FRAMES", 5)

    assert facts_of(clip_at(clip, 36))[1] == 5


def test_another_clip_of_the_same_name_has_a_copy_of_its_own(clip, tmp_path):
    (tmp_path / "other").mkdir()
    other = write_scenes(tmp_path / "other" / "walk.mp4", 6, Size(128, 72))

    assert facts_of(clip_at(clip, 36))[1] == 12
    assert facts_of(clip_at(other, 36))[1] == 6


def test_a_clip_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.mp4"):
        clip_at(tmp_path / "gone.mp4", 36)
