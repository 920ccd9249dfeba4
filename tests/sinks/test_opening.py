import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.settings import settings_of
from deeplab_cv.sinks.masks import MaskSink
from deeplab_cv.sinks.opening import open_sinks
from deeplab_cv.sinks.pictures import PictureFolderSink, PictureSink
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.statistics import StatisticsSink
from deeplab_cv.sinks.stream_out import StreamOut
from deeplab_cv.sinks.video import VideoSink
from tests.sinks.clips import info_of, painted, read_clip, scene, sound_packets, write_clip
from tests.tiny_networks import tiny_network

ROOT = Path(__file__).parent.parent.parent

VIDEO, ONE_PICTURE, PICTURES = (
    info_of(),
    info_of(rate=None, frame_count=1),
    info_of(rate=None, frame_count=5),
)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def kinds(info, is_picture_job, **settings):
    return [type(sink) for sink in open_sinks(settings_of(settings), info, is_picture_job=is_picture_job)]


@pytest.mark.parametrize(
    ("info", "out", "kind"),
    [
        (VIDEO, "out.mp4", VideoSink),
        (VIDEO, "out.webm", VideoSink),
        (VIDEO, "frames/", PictureFolderSink),
        (ONE_PICTURE, "seg.png", PictureSink),
        (ONE_PICTURE, "seg.JPG", PictureSink),
        (ONE_PICTURE, "results/", PictureFolderSink),
        (PICTURES, "results", PictureFolderSink),
        (PICTURES, "results.v2/", PictureFolderSink),
    ],
)
def test_what_out_names_decides_the_sink(info, out, kind, tmp_path):
    assert kinds(info, info is not VIDEO, out=out) == [kind]
    assert list(tmp_path.iterdir()) == []


def test_all_outputs_at_once(tmp_path):
    assert kinds(VIDEO, False, out="out.mp4", masks="masks", stats="areas.csv") == [VideoSink, MaskSink, StatisticsSink]


def test_no_output_asked_for_is_no_sink():
    assert kinds(VIDEO, False) == []


@pytest.mark.parametrize(
    ("info", "settings", "message"),
    [
        (VIDEO, {"out": "out.txt"}, r"not a video file's extension: out\.txt; use one of \.mp4"),
        (VIDEO, {"out": "out.png"}, r"a video does not fit into one picture: out\.png; name a video file, or a folder"),
        (VIDEO, {"out": "out.webm", "codec": "h264"}, r"\.webm cannot hold h264"),
        (VIDEO, {"out": "out.mp4", "preset": "fastest"}, "no such preset of h264: --preset fastest"),
        (VIDEO, {"stats": "areas.txt"}, r"no such form of statistics: areas\.txt; use \.csv or \.jsonl"),
        (VIDEO, {"out": "same/", "masks": "same"}, "--masks and --out write files of the same names"),
        (ONE_PICTURE, {"out": "seg.mp4"}, "pictures do not make a video"),
        (ONE_PICTURE, {"out": "seg.gif"}, "not a picture file's extension"),
        (ONE_PICTURE, {"out": "seg"}, "not a picture file's extension"),
        (PICTURES, {"out": "seg.png"}, "several pictures do not fit into one file"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_before_anything_is_written(info, settings, message, tmp_path):
    with pytest.raises(UsageError, match=message) as raised:
        open_sinks(settings_of(settings), info, is_picture_job=info is not VIDEO)

    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["out", "stats"])
def test_a_missing_folder_is_said_before_anything_is_written(key):
    name = {"out": "nowhere/out.mp4", "stats": "nowhere/areas.csv"}[key]

    with pytest.raises(SinkError, match="no such folder to write in: nowhere"):
        open_sinks(settings_of({key: name}), VIDEO, is_picture_job=False)


def test_the_video_itself_is_not_an_output(tmp_path):
    (tmp_path / "in.mp4").write_bytes(b"film")

    with pytest.raises(UsageError, match="the output is the input itself"):
        open_sinks(
            settings_of({"video": "in.mp4", "out": "./in.mp4"}), info_of(tmp_path / "in.mp4"), is_picture_job=False
        )


def test_the_picture_put_behind_is_not_an_output(tmp_path):
    (tmp_path / "beach.png").write_bytes(b"picture")

    with pytest.raises(UsageError, match="the output is the input itself"):
        open_sinks(
            settings_of({"image": "me.jpg", "background": "beach.png", "out": "beach.png"}),
            ONE_PICTURE,
            is_picture_job=True,
        )


def write_all(settings, info, pts):
    (sink,) = open_sinks(settings, info, is_picture_job=False)
    for index, moment in enumerate(pts):
        sink.write(painted(scene(index, Size(64, 48)), index, moment))
    return sink.finish()


def test_a_part_of_a_video_begins_at_zero(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", list(range(50)), Fraction(1, 25))

    write_all(settings_of({"start": 1, "out": "out.mp4"}), info_of(clip), range(25, 50))

    assert read_clip(tmp_path / "out.mp4").times_s == [Fraction(number, 25) for number in range(25)]
    assert 0 <= sound_packets(tmp_path / "out.mp4")[0][0] < Fraction(1, 40)


def test_every_second_frame_keeps_its_time_and_all_the_sound(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", list(range(50)), Fraction(1, 25))

    write_all(settings_of({"every": 2, "out": "out.mp4"}), info_of(clip), range(0, 50, 2))

    assert read_clip(tmp_path / "out.mp4").times_s == [Fraction(number, 25) for number in range(0, 50, 2)]
    assert sound_packets(tmp_path / "out.mp4") == sound_packets(clip)


def test_a_camera_begins_at_zero_whatever_its_clock_says(tmp_path):
    write_all(settings_of({"out": "out.mp4"}), info_of(live=True), range(90_000, 90_010))

    assert read_clip(tmp_path / "out.mp4").times_s[0] == 0


def test_frames_of_a_video_in_a_folder_are_numbered_pictures(tmp_path):
    written = write_all(settings_of({"out": "frames/"}), VIDEO, range(3))

    assert written == Written(Path("frames"), 3)
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == ["000000.png", "000001.png", "000002.png"]


def test_a_picture_and_its_mask_stand_side_by_side(tmp_path):
    settings = settings_of({"out": "seg.png", "masks": ".", "stats": "areas.jsonl"})

    sinks = open_sinks(settings, ONE_PICTURE, is_picture_job=True)
    for sink in sinks:
        sink.write(painted(np.zeros((8, 8, 3), np.uint8), name="photos/dog.jpg"))
        sink.finish()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["areas.jsonl", "dog.png", "seg.png"]


def test_standard_output_takes_the_picture_alone_and_lines_go_to_stderr(tmp_path):
    network, picture = tiny_network(tmp_path), tmp_path / "in.png"
    cv2.imwrite(str(picture), scene(0, Size(64, 48)))
    words = f"{ROOT / 'app.py'} --model {network} --backend opencv --image in.png --alpha 0 --out - --headless"

    done = subprocess.run([sys.executable, *words.split()], cwd=tmp_path, capture_output=True, check=True)

    assert np.array_equal(
        cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_COLOR), cv2.imread(str(picture))
    )
    assert b"stdout: written" in done.stderr


def test_several_pictures_do_not_fit_into_standard_output():
    with pytest.raises(UsageError, match="several pictures do not fit into standard output"):
        open_sinks(settings_of({"out": "-"}), PICTURES, is_picture_job=True)


@pytest.mark.parametrize("form", ["classes", "also_read"])
def test_class_names_and_the_settings_file_are_no_output(tmp_path, form):
    (tmp_path / "list.csv").write_text("dog\n")
    settings = {"stats": "list.csv"} | ({"classes": "list.csv"} if form == "classes" else {})
    also_read = [Path("list.csv")] if form == "also_read" else []

    with pytest.raises(UsageError, match="the output is the input itself"):
        open_sinks(settings_of(settings), VIDEO, is_picture_job=False, also_read=also_read)


@pytest.mark.parametrize("url", ["rtmp://host/live/key", "rtsp://me:word@host/live", "udp://239.0.0.1:1234"])
def test_a_url_is_where_a_stream_is_sent(url, tmp_path):
    assert kinds(VIDEO, False, out=url, stats="areas.csv") == [StreamOut, StatisticsSink]
    assert list(tmp_path.iterdir()) == []


def test_a_url_may_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("TO", "rtmp://host/live/key")
    assert kinds(VIDEO, False, out="${TO}") == [StreamOut]


@pytest.mark.parametrize(
    ("info", "settings", "problem"),
    [
        (PICTURES, {"out": "rtmp://host/live/key"}, r"pictures do not make a stream: rtmp://host/live/\.\.\.;"),
        (VIDEO, {"out": "rtmp://host/live", "codec": "av1"}, "a stream out is H.264: --codec av1"),
        (VIDEO, {"out": "rtmp://host/live", "crf": 20}, "a stream out has none: --crf 20"),
        (VIDEO, {"out": "https://host/live"}, "no video is sent by this protocol: https://host/live"),
        (VIDEO, {"out": "rtmp://${NOBODY}/live"}, "no such variable in the environment: NOBODY"),
    ],
)
def test_what_cannot_be_streamed_is_said_at_once(info, settings, problem):
    with pytest.raises(UsageError, match=problem):
        kinds(info, info is PICTURES, **settings)
