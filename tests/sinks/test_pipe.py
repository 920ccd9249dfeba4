import os
from pathlib import Path

import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.pipe import VideoPipe
from deeplab_cv.sinks.sink import Written
from tests.sinks.clips import STEADY, TICK, info_of, read_clip, run_through, sound_packets, write_clip
from tests.sinks.pipes import filled_pipe, read_from
from tests.waiting import HANGS_S


@pytest.mark.parametrize("codec", [None, "hevc", "vp9"])
def test_a_pipe_takes_matroska_with_frames_times_and_sound(tmp_path, codec):
    clip = write_clip(tmp_path / "in.mp4", STEADY, TICK)
    reading, writing = os.pipe()
    came, thread = read_from(reading)

    written = run_through(VideoPipe(writing, info_of(clip), OutputOptions(codec=codec)), STEADY).finish()

    os.close(writing)
    thread.join(HANGS_S)
    (tmp_path / "out.mkv").write_bytes(b"".join(came))
    assert written == Written(Path("stdout"), 24, "sound copied")
    first, *others = read_clip(tmp_path / "out.mkv").times_s
    assert [float(time_s - first) for time_s in others] == pytest.approx(
        [float(pts * TICK) for pts in STEADY[1:]], abs=0.001
    )
    assert len(sound_packets(tmp_path / "out.mkv")) == len(sound_packets(clip))


def test_a_pipe_that_nobody_reads_is_one_line(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    sink = VideoPipe(writing, info_of())

    with pytest.raises(SinkError, match="cannot write: stdout") as raised:
        run_through(sink, STEADY).finish()

    assert "\n" not in str(raised.value)
    sink.abandon()
    os.close(writing)


def test_what_a_stopped_job_sent_through_a_pipe_is_told(tmp_path):
    reading, writing = os.pipe()
    came, thread = read_from(reading)
    sink = run_through(VideoPipe(writing, info_of()), STEADY[:5])

    written = sink.abandon()

    os.close(writing)
    thread.join(HANGS_S)
    (tmp_path / "out.mkv").write_bytes(b"".join(came))
    assert written == Written(Path("stdout"), 5, whole=False)
    assert len(read_clip(tmp_path / "out.mkv").pictures) == 5


def test_without_a_frame_a_pipe_stays_empty():
    assert VideoPipe(99, info_of()).finish() == Written(Path("stdout"), 0)
    assert VideoPipe(99, info_of()).abandon() is None


@pytest.mark.skipif(os.name == "nt", reason="Windows does not say whether a pipe has room")
@pytest.mark.parametrize("ending", ["finish", "abandon"])
def test_a_reader_that_stands_still_does_not_hold_up_a_run_that_is_stopped(ending):
    _, writing = filled_pipe()
    sink = VideoPipe(writing, info_of())

    sink.hurry()
    run_through(sink, [1001 * number for number in range(90)])
    written = getattr(sink, ending)()

    assert written.note == "not all of it was read"
    assert not written.whole
