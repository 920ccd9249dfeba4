import gc
import threading
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pictures import read_picture
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import NTSC, write_clip
from tests.sources.clips import SAMPLES, read_all, set_display_matrix, write_scenes
from tests.waiting import HANGS_S

NTSC_PTS = [1001 * number for number in range(30)]
NTSC_BASE = Fraction(1, 30000)


@pytest.fixture
def ntsc_clip(tmp_path):
    return write_clip(tmp_path / "ntsc.mp4", NTSC_PTS, NTSC_BASE, sound_codecs=("aac", "aac"))


def test_a_clip_is_described_before_its_first_frame(ntsc_clip):
    with VideoSource(ntsc_clip) as source:
        info = source.info

    assert (info.name, info.path) == ("ntsc.mp4", ntsc_clip)
    assert info.size == Size(64, 48)
    assert info.frame_rate == NTSC
    assert info.frame_count == 30
    assert info.time_base == NTSC_BASE
    assert info.tracks
    assert not info.live


def test_frames_come_in_order_with_their_exact_times(ntsc_clip):
    frames = read_all(VideoSource(ntsc_clip))

    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.time_s for frame in frames] == [number / NTSC for number in range(30)]


def test_after_the_last_frame_nothing_more_comes(ntsc_clip):
    with VideoSource(ntsc_clip) as source:
        for _ in range(30):
            assert source.read() is not None

        assert source.read() is None
        assert source.read() is None


def test_a_clip_without_sound_says_so(tmp_path):
    with VideoSource(write_scenes(tmp_path / "c.mp4", 2)) as source:
        assert not source.info.tracks


def test_frames_do_not_share_their_memory(ntsc_clip):
    with VideoSource(ntsc_clip) as source:
        first = source.read().image
        copy = first.copy()
        while source.read() is not None:
            pass

    assert np.array_equal(first, copy)


def test_frames_are_given_back_without_waiting_for_the_garbage_collector(tmp_path):
    clips = [write_scenes(tmp_path / f"{count}.mp4", count) for count in (5, 50)]
    gc.collect()
    gc.disable()
    try:
        in_cycles = []
        for clip in clips:
            read_all(VideoSource(clip))
            in_cycles.append(gc.collect())
    finally:
        gc.enable()

    assert in_cycles[0] == in_cycles[1]


@pytest.mark.parametrize("ending", ["mkv", "ts"])
def test_the_number_of_frames_is_estimated_where_the_container_does_not_count(tmp_path, ending):
    with VideoSource(write_scenes(tmp_path / f"c.{ending}", 30)) as source:
        assert source.info.frame_count == pytest.approx(30, abs=2)


def test_a_stream_without_length_has_no_number_of_frames(tmp_path):
    with VideoSource(write_scenes(tmp_path / "c.h264", 30)) as source:
        assert source.info.frame_count is None


@pytest.mark.parametrize(
    ("start", "end", "numbers"),
    [
        (None, None, range(30)),
        (0.0, None, range(30)),
        (0.4, None, range(10, 30)),
        (0.41, None, range(11, 30)),
        (None, 0.4, range(10)),
        (0.2, 0.8, range(5, 20)),
        (1.16, 99.0, range(29, 30)),
    ],
)
def test_start_and_end_cut_to_the_frame_and_keep_the_times(tmp_path, start, end, numbers):
    clip = write_scenes(tmp_path / "c.mp4", 30)

    with VideoSource(clip, start=start, end=end) as source:
        count = source.info.frame_count
        frames = list(iter(source.read, None))

    assert [frame.time_s for frame in frames] == [Fraction(number, 25) for number in numbers]
    assert [frame.index for frame in frames] == list(range(len(numbers)))
    assert count == pytest.approx(len(numbers), abs=1)


def test_start_counts_from_where_a_player_begins(tmp_path):
    clip = write_scenes(tmp_path / "c.ts", 30)
    whole = read_all(VideoSource(clip))

    late = read_all(VideoSource(clip, start=0.4))

    assert whole[0].time_s > 0  # transport streams do not begin at zero
    assert [frame.pts for frame in late] == [frame.pts for frame in whole[10:]]


def test_a_start_after_the_last_frame_is_an_error_that_tells_the_length(tmp_path):
    with pytest.raises(SourceError, match=r"--start 7\.5: .*; it lasts 1\.20 s"):
        VideoSource(write_scenes(tmp_path / "c.mp4", 30), start=7.5)


def test_an_end_before_the_start_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="--end is not after --start"):
        VideoSource(write_scenes(tmp_path / "c.mp4", 3), start=2, end=1)


def test_a_cut_of_a_turned_video_is_upright(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4", 30)
    stored = read_all(VideoSource(clip))[12].image
    set_display_matrix(clip, (0, 1, -1, 0))

    with VideoSource(clip, start=0.48) as source:
        assert np.array_equal(source.read().image, np.rot90(stored, -1))


def test_a_video_can_be_closed_twice_and_gives_nothing_afterwards(ntsc_clip):
    source = VideoSource(ntsc_clip)
    source.close()
    source.close()

    assert source.read() is None


def test_a_video_can_be_closed_while_another_thread_reads(ntsc_clip):
    source = VideoSource(ntsc_clip)
    frames = []
    reader = threading.Thread(target=lambda: frames.extend(iter(source.read, None)))

    reader.start()
    source.close()
    reader.join(HANGS_S)

    assert not reader.is_alive()
    assert source.read() is None


def test_a_file_cut_off_gives_its_frames_and_then_the_error(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4", 30, container_options={"movflags": "faststart"})
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) - 200])
    frames = []

    with VideoSource(clip) as source, pytest.raises(SourceError, match=r"cut off at 1\.\d\d s: .*c\.mp4"):
        frames.extend(iter(source.read, None))

    assert 20 < len(frames) < 30


def test_the_sample_with_a_timecode_track_has_all_frames_and_its_sound():
    clip = SAMPLES / "dog_person_720p_2997_aac.mp4"
    if not clip.exists():
        pytest.skip("needs ../shared/samples")

    with VideoSource(clip, start=9.0) as source:
        info = source.info
        frames = list(iter(source.read, None))

    assert info.tracks
    assert info.frame_rate == NTSC
    assert [frame.pts for frame in frames] == [1001 * number for number in range(270, 289)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_read_as_a_video_is_turned_and_mirrored_as_its_exif_says(tmp_path, orientation):
    quarters = np.zeros((32, 48, 3), np.uint8)
    quarters[:16, :24], quarters[16:, :24], quarters[:16, 24:] = (250, 10, 10), (10, 250, 10), (10, 10, 250)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(quarters).save(tmp_path / "photo.jpg", exif=exif, quality=95)

    (frame,) = read_all(VideoSource(tmp_path / "photo.jpg"))

    expected = read_picture(tmp_path / "photo.jpg")
    assert frame.image.shape == expected.shape
    assert np.abs(frame.image.astype(int) - expected).mean() < 1


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi", ".ts", ".m2v", ".webm"])
def test_after_a_seek_the_frames_are_those_of_the_file_with_their_own_times(tmp_path, ending):
    codecs = {".avi": "mpeg4", ".m2v": "mpeg2video", ".webm": "libvpx"}
    how = {"codec": codecs[ending], "codec_options": {"g": "10"}} if ending in codecs else {}
    clip = write_scenes(tmp_path / f"c{ending}", 40, **how)
    whole = read_all(VideoSource(clip))
    with VideoSource(clip) as source:
        for place in (25, 3, 39, 0, 10, 11):
            assert source.seek(whole[place].time_s)
            found = source.read()

            assert (found.pts, found.index) == (whole[place].pts, place)
            assert np.array_equal(found.image, whole[place].image)
        assert [frame.pts for frame in iter(source.read, None)] == [frame.pts for frame in whole[12:]]


def test_a_video_can_be_sought_in_after_its_end(ntsc_clip):
    with VideoSource(ntsc_clip) as source:
        while source.read() is not None:
            pass

        assert source.seek(Fraction(1, 2))
        assert source.read().pts == NTSC_PTS[15]


def test_nothing_comes_from_behind_the_end_of_a_video_until_another_place_is_sought(ntsc_clip):
    with VideoSource(ntsc_clip) as source:
        assert not source.seek(source.info.span.end)
        assert source.read() is None
        assert source.seek(NTSC_PTS[4] * NTSC_BASE)
        assert source.read().pts == NTSC_PTS[4]


def test_a_seek_stays_between_start_and_end(ntsc_clip):
    with VideoSource(ntsc_clip, start=0.2, end=0.8) as source:
        span = source.info.span
        source.read()

        assert (span.begin, span.end) == (NTSC_PTS[6] * NTSC_BASE, Fraction(4, 5))
        assert not source.seek(Fraction(9, 10))
        assert source.seek(Fraction(0))
        assert [(frame.index, frame.pts) for frame in iter(source.read, None)] == list(enumerate(NTSC_PTS[6:24]))


def test_a_closed_video_is_not_sought_in(ntsc_clip):
    source = VideoSource(ntsc_clip)
    source.close()

    assert not source.seek(Fraction(0))
