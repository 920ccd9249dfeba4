from dataclasses import replace
from fractions import Fraction

import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.smoothing import ScoreSmoother
from deeplab_cv.sinks.opening import video_sink
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.per_size import FilePerSize
from deeplab_cv.sources.video import VideoSource
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Notebook
from tests.sinks.clips import painted, scene
from tests.sources.clips import read_all
from tests.sources.connections import FakeClock, FakeConnection, live_source

WIDE, TALL = Size(64, 48), Size(48, 64)
LIVE = SourceInfo("camera", WIDE, frame_rate=Fraction(25), frame_count=None, live=True, time_base=Fraction(1, 25))


def write_all(sink, *sizes):
    for number, size in enumerate(sizes):
        sink.write(painted(scene(number, size), number))


def sizes_in(path):
    return [frame.size for frame in read_all(VideoSource(path))]


def test_a_new_size_begins_a_new_file_and_the_one_before_is_whole(tmp_path, caplog):
    caplog.set_level("INFO")
    sink = video_sink(tmp_path / "out.mp4", LIVE, OutputOptions(), whole=False)

    write_all(sink, WIDE, WIDE, WIDE, TALL, TALL, WIDE)
    last = sink.finish()

    assert sizes_in(tmp_path / "out.mp4") == [WIDE] * 3
    assert sizes_in(tmp_path / "out-2.mp4") == [TALL] * 2
    assert sizes_in(tmp_path / "out-3.mp4") == [WIDE]
    assert (last.path, last.frames) == (tmp_path / "out-3.mp4", 1)
    assert caplog.messages == [
        f"the pictures are 48x64 now: {tmp_path / 'out.mp4'}: 3 frames",
        f"the pictures are 64x48 now: {tmp_path / 'out-2.mp4'}: 2 frames",
    ]


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "out-2.mp4").write_bytes(b"another")
    sink = video_sink(tmp_path / "out.mp4", LIVE, OutputOptions(), whole=False)

    write_all(sink, WIDE, TALL)

    assert sink.finish().path == tmp_path / "out-3.mp4"
    assert (tmp_path / "out-2.mp4").read_bytes() == b"another"


def test_what_is_abandoned_is_the_last_file_alone(tmp_path):
    sink = video_sink(tmp_path / "out.mp4", LIVE, OutputOptions(), whole=False)

    write_all(sink, WIDE, WIDE, TALL)
    kept = sink.abandon()

    assert sizes_in(tmp_path / "out.mp4") == [WIDE] * 2
    assert kept.path == tmp_path / "out-2.partial.mp4"


def test_without_a_picture_nothing_is_written(tmp_path):
    sink = video_sink(tmp_path / "out.mp4", LIVE, OutputOptions(), whole=False)

    assert sink.finish().frames == 0
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_file_is_the_sink_s(tmp_path):
    sink = FilePerSize(tmp_path / "out.mp4", lambda path: Notebook(fails_at=1))

    with pytest.raises(SinkError):
        write_all(sink, WIDE, WIDE)


def test_every_stage_takes_a_stream_that_changes_its_size(make_stream, tmp_path):
    clock = FakeClock()
    parts = [FakeConnection(clock, [0.04] * 5, size=size) for size in (WIDE, TALL)]
    source, _ = live_source(clock, *parts, end=1.3)
    sink = video_sink(tmp_path / "out.mp4", source.info, OutputOptions(), whole=False)
    smoother, view = ScoreSmoother(), View(smooth=0.5)

    with make_stream() as stream:
        for frame in iter(source.read, None):
            scored = smoother.smoothed(stream.score(frame), view.smooth)
            sink.write(painted_frame(scored, labels_of(scored), view))
    sink.finish()

    assert sizes_in(tmp_path / "out.mp4") == [WIDE] * 5
    assert set(sizes_in(tmp_path / "out-2.mp4")) == {TALL}


MICROSECOND = Fraction(1, 1_000_000)


def write_at(sink, *times_s):
    for number, time_s in enumerate(times_s):
        sink.write(painted(scene(number, WIDE), number, round(time_s / MICROSECOND), MICROSECOND))


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_a_source_that_was_gone_for_long_goes_on_in_a_new_file(tmp_path, caplog, name):
    caplog.set_level("INFO")
    live = replace(LIVE, time_base=MICROSECOND)
    sink = video_sink(tmp_path / name, live, OutputOptions(), whole=False)

    write_at(sink, 0, 1, 1801, 4201, 4202)
    last = sink.finish()

    assert [float(frame.time_s) for frame in read_all(VideoSource(tmp_path / name))] == pytest.approx([0, 1, 1801])
    assert (last.path.stem, last.frames) == ("out-2", 2)
    assert [float(frame.time_s) for frame in read_all(VideoSource(last.path))] == pytest.approx([0, 1])
    assert caplog.messages == [f"no picture for 40 minutes: {tmp_path / name}: 3 frames"]
