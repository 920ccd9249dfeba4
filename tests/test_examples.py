import csv
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from deeplab_cv.machine.folders import demo_clip
from deeplab_cv.sources.video import VideoSource

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
FRAMES = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """The demo's first frames as a video of their own."""
    from deeplab_cv.frames.frame import Painted
    from deeplab_cv.sinks.video import VideoSink

    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    with VideoSource(demo_clip()) as source:
        sink = VideoSink(path, source.info, whole=False)
        for _ in range(FRAMES):
            frame = source.read()
            sink.write(Painted(frame, None, frame.pixels, ()))
        sink.finish()
    return path


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "demo.png"
    with VideoSource(demo_clip()) as source:
        cv2.imwrite(str(path), source.read().image)
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One for all examples: the fastest engine is looked for once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def environment(cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def run(name, *words):
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_picture(picture, tmp_path):
    printed = run("picture", picture, tmp_path / "out.png")

    assert [line.partition(":")[0] for line in printed.splitlines()] == ["person", "dog", "sheep"]
    assert cv2.imread(str(tmp_path / "out.png")).shape == cv2.imread(str(picture)).shape


def test_webcam_with_the_test_pattern_in_its_place():
    printed = run("webcam", "pattern", 3)

    assert len(printed.splitlines()) == 3
    assert all("person" in line for line in printed.splitlines())


def test_blur_background(clip, tmp_path):
    printed = run("blur_background", clip, tmp_path / "out.mp4")

    assert printed.endswith(f"{FRAMES} frames\n")
    with VideoSource(tmp_path / "out.mp4") as source:
        assert len(list(iter(source.read, None))) == FRAMES


def test_sheep_to_csv(clip, tmp_path):
    run("sheep_to_csv", clip, tmp_path / "sheep.csv")

    with (tmp_path / "sheep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == FRAMES
    assert all(0 <= float(row["sheep"]) <= 1 for row in rows)


def test_with_supervision(picture, tmp_path):
    pytest.importorskip("supervision", reason="supervision is not installed")

    run("with_supervision", picture, tmp_path / "out.png")

    assert cv2.imread(str(tmp_path / "out.png")).shape == cv2.imread(str(picture)).shape


def test_every_example_has_a_test():
    names = {path.stem for path in EXAMPLES.glob("*.py")}

    assert {name for name in names if f"test_{name}" not in " ".join(globals())} == set()
