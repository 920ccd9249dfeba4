import pytest

from deeplab_cv.errors import UsageError
from deeplab_cv.sources.named import MOST, wanted_source, wanted_sources
from deeplab_cv.sources.options import SourceOptions


def labels(**options):
    return [named.label for named in wanted_sources(SourceOptions(**options))]


def test_cameras_have_their_numbers_and_all_others_their_places():
    several = {"camera": ["0", "1"], "video": ["rtsp://me:secret@house/1", "clip.mp4"], "pattern": 1, "demo": True}

    assert labels(**several) == ["camera-0", "camera-1", "stream-2", "video-3", "pattern-4", "video-5"]


@pytest.mark.parametrize(
    ("cameras", "expected"),
    [
        (["3", "1"], ["camera-3", "camera-1"]),
        (["/dev/video2", "0"], ["camera-2", "camera-0"]),
        (["1", "/dev/v4l/by-id/webcam"], ["camera-1", "camera-2"]),
        (["/dev/v4l/by-id/webcam", "0"], ["camera-0", "camera-1"]),
        (["00", "0"], ["camera-0", "camera-1"]),
    ],
)
def test_no_two_sources_are_called_the_same(cameras, expected):
    assert labels(camera=cameras) == expected


def test_nothing_of_a_url_is_in_what_a_stream_is_called():
    urls = ["rtsp://me:secret@house/1", "http://house/user=me_password=secret", "tcp://10.0.0.7:80"]

    assert labels(video=urls) == ["stream-0", "stream-1", "stream-2"]


def test_one_source_is_called_by_the_same_rule():
    assert labels(camera="2") == ["camera-2"]
    assert labels(video="rtsp://house/1") == ["stream-0"]


def test_a_camera_and_the_pattern_are_understood_where_a_video_is_asked_for():
    kinds = [named.kind for named in wanted_sources(SourceOptions(video=["pattern", "0", "tcp://house:1"]))]

    assert kinds == ["pattern", "camera", "stream"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "nothing to segment is named"),
        ({"image": "dog.jpg", "pattern": 1}, "pictures go alone"),
        ({"camera": ["0", "1", "0"]}, "a camera is named twice: --camera 0"),
        ({"video": ["clip.mp4"] * (MOST + 1)}, f"name {MOST} at most"),
        ({"image": "http://house/dog.jpg"}, "not fetched from the network"),
    ],
)
def test_what_goes_not_together_is_one_line(options, problem):
    with pytest.raises(UsageError, match=problem):
        wanted_sources(SourceOptions(**options))


def test_where_one_source_is_wanted_several_are_refused_without_their_passwords():
    with pytest.raises(UsageError, match="2 sources are named") as refused:
        wanted_source(SourceOptions(video=["rtsp://me:secret@house/1", "clip.mp4"]))

    assert "secret" not in str(refused.value)
    assert wanted_source(SourceOptions(pattern=1)).label == "pattern-0"
