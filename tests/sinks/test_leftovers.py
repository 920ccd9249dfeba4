import subprocess
import sys
from pathlib import Path

import pytest

from deeplab_cv.sinks.leftovers import name_leftovers
from tests.sinks.clips import read_clip

KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from deeplab_cv.sinks.opening import StatisticsSink, VideoSink
from tests.sinks.clips import info_of, painted
path = Path(sys.argv[1])
sink = StatisticsSink(path) if path.suffix in (".csv", ".jsonl") else VideoSink(path, info_of())
noise = np.random.default_rng(0)
for number in range(150):
    sink.write(painted(noise.integers(0, 255, (48, 64, 3), dtype=np.uint8), number))
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(path):
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["v.mp4", "v.mov", "v.mkv", "v.webm"])
def test_the_video_of_a_killed_run_is_named_told_of_and_plays(tmp_path, caplog, name):
    (tmp_path / name).write_bytes(b"older")
    killed_while_writing(tmp_path / name)

    name_leftovers(tmp_path)

    partial = tmp_path / name.replace(".", ".partial.")
    assert names(tmp_path) == sorted([name, partial.name])
    clip = read_clip(partial)
    assert len(clip.pictures) > 50
    assert f"an earlier run left {partial} (" in caplog.text and "s, plays)" in caplog.text
    assert (tmp_path / name).read_bytes() == b"older"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_of_figures_the_whole_lines_are_kept(tmp_path, caplog, name):
    killed_while_writing(tmp_path / name)
    (draft,) = tmp_path.iterdir()
    with draft.open("ab") as file:
        file.write(b"half a li")

    name_leftovers(tmp_path)

    text = (tmp_path / name.replace(".", ".partial.")).read_text()
    assert text.endswith("\n") and "half" not in text
    assert "(150 frames)" in caplog.text


@pytest.mark.parametrize("name", [".000012.unfinished-0123456789ab.png", ".v.unfinished-0123456789ab.mp4"])
def test_what_nothing_can_be_read_from_is_deleted_without_a_word(tmp_path, caplog, name):
    (tmp_path / name).write_bytes(b"half")

    name_leftovers(tmp_path)

    assert names(tmp_path) == []
    assert caplog.text == ""
