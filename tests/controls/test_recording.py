from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.controls.recording import Recording
from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.video import VideoSink
from tests.jobs.numbers import Notebook

CAMERA = SourceInfo(
    "camera 0", Size(64, 48), frame_rate=Fraction(30), frame_count=None, live=True, time_base=Fraction(1, 30)
)


def painted(index):
    pixels = Pixels(image=np.full((48, 64, 3), 40 * index, np.uint8))
    frame = Frame(pixels, index, pts=index, time_base=CAMERA.time_base, captured_at=0.0)
    return Painted(frame, np.zeros((48, 64), np.uint8), pixels, ("background",))


def frames_in(path):
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_each_recording_is_a_video_of_its_own_in_the_folder(tmp_path):
    recording = Recording(tmp_path, lambda path: VideoSink(path, CAMERA, whole=False))
    lines = []
    for count in (2, 3):
        begun = recording.toggle()
        for index in range(count):
            assert recording.write(painted(index)) == ""
        lines.append((begun, recording.toggle()))

    files = sorted(tmp_path.iterdir(), key=frames_in)
    assert [frames_in(file) for file in files] == [2, 3]
    counts = zip(files, (2, 3), strict=True)
    assert lines == [(f"recording to {file.name}", f"{file}: {count} frames") for file, count in counts]


def test_frames_before_the_first_and_after_the_last_are_not_kept(tmp_path):
    notebook = Notebook()
    recording = Recording(tmp_path, lambda path: notebook)

    recording.write(painted(0))
    recording.toggle()
    recording.write(painted(1))
    recording.toggle()
    recording.write(painted(2))

    assert notebook.indexes == [1]


def test_it_runs_from_one_toggle_to_the_next(tmp_path):
    recording = Recording(tmp_path, lambda path: Notebook())
    seen = [recording.running]
    for _ in range(2):
        recording.toggle()
        seen.append(recording.running)

    assert seen == [False, True, False]


@pytest.mark.parametrize(
    ("fails_at", "kept"), [(0, "partial: not written, no frame came"), (2, "partial: the first 2 frames")]
)
def test_a_frame_that_cannot_be_written_ends_the_recording_with_the_reason_and_what_is_kept(tmp_path, fails_at, kept):
    recording = Recording(tmp_path, lambda path: Notebook(fails_at=fails_at))
    recording.toggle()

    lines = [recording.write(painted(index)) for index in range(4)]

    assert lines[fails_at] == f"no room is left: notebook; free some; {kept}"
    assert not any(line for index, line in enumerate(lines) if index != fails_at)
    assert not recording.running


def test_a_recording_that_failed_fails_the_run_at_its_end(tmp_path):
    sinks = iter([Notebook(fails_at=1), Notebook()])
    recording = Recording(tmp_path, lambda path: next(sinks))
    recording.toggle()
    recording.write(painted(0))
    recording.write(painted(1))
    recording.toggle()
    recording.write(painted(2))

    with pytest.raises(SinkError, match="no room is left"):
        recording.close()
    assert not recording.running


def test_what_the_end_of_a_run_leaves_is_handed_over_once(tmp_path):
    recording = Recording(tmp_path, lambda path: Notebook())
    recording.toggle()
    recording.write(painted(0))

    assert recording.finish().frames == 1
    assert recording.finish() is None
