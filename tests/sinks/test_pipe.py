import os
import threading
from pathlib import Path

import pytest

from deeplab_cv.errors import SinkError
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.pipe import VideoPipe
from deeplab_cv.sinks.sink import Written
from tests.sinks.clips import STEADY, TICK, info_of, read_clip, run_through, sound_packets, write_clip
from tests.waiting import HANGS_S


def read_from(descriptor):
    """All that comes out of a pipe, in a thread: a pipe holds little."""
    came = []

    def work():
        while block := os.read(descriptor, 1 << 16):
            came.append(block)
        os.close(descriptor)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return came, thread


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
