"""One worker, file after file."""

import errno

import pytest

from deeplab_cv.batch import staged
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.work import Cut, Item, Task
from deeplab_cv.batch.worker import Worker, failure_of, identity_of, output_path
from deeplab_cv.errors import EngineError, MissingSourceError, SinkError, SourceError
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.network_engines import Pinned
from deeplab_cv.sinks.landing import cannot_write
from deeplab_cv.sinks.options import OutputOptions
from tests.batch.jobs import clip, picture, plan_for


@pytest.mark.parametrize(
    ("name", "form", "path"),
    [
        ("a/dog.jpg", "painted", "painted/a/dog.jpg"),
        ("a/dog.JPG", "painted", "painted/a/dog.JPG"),
        ("dog.avif", "painted", "painted/dog.png"),
        ("a/dog.jpg", "masks", "masks/a/dog.png"),
        ("a/dog.jpg", "stats", "stats/a/dog.parquet"),
        ("a.b/clip.MOV", "painted", "painted/a.b/clip.MOV"),
        ("clip.avi", "painted", "painted/clip.mp4"),
        ("clip.v2.mp4", "masks", "masks/clip.v2"),
        ("no extension", "painted", "painted/no extension.mp4"),
    ],
)
def test_outputs_lie_under_the_input_s_name(network, tmp_path, name, form, path):
    kind = "picture" if name.lower().endswith((".jpg", ".avif")) else "video"

    assert output_path(Item(name, name, kind), form, plan_for(network, tmp_path)) == path


@pytest.mark.parametrize(
    ("name", "kind", "groups", "path"),
    [
        ("dog.jpg", "picture", {"picture": PictureOptions(style="cutout")}, "painted/dog.png"),
        ("clip.mp4", "video", {"picture": PictureOptions(style="cutout")}, "painted/clip.webm"),
        ("clip.webm", "video", {"encoding": OutputOptions(codec="h264")}, "painted/clip.mp4"),
    ],
)
def test_the_extension_is_one_that_can_hold_what_is_wanted(network, tmp_path, name, kind, groups, path):
    assert output_path(Item(name, name, kind), "painted", plan_for(network, tmp_path, **groups)) == path


@pytest.mark.parametrize(
    ("error", "stage"),
    [
        (MissingSourceError("no such file", "a", "look"), "find"),
        (SourceError("damaged", "a", "copy"), "read"),
        (EngineError("fails", "a", "another"), "infer"),
        (SinkError("refused", "a", "another"), "write"),
        (OSError(errno.EIO, "the disk is ill"), "write"),
        (ValueError("surprise"), "worker"),
    ],
)
def test_a_failure_has_the_stage_at_which_it_came(error, stage):
    found, reason = failure_of(error)

    assert found == stage
    assert "\n" not in reason


@pytest.fixture
def worker(network, tmp_path):
    plan = plan_for(network, tmp_path / "out", forms=("painted", "masks"))
    FolderPlace(tmp_path / "out").prepare()
    worker = Worker(plan)
    yield worker
    worker.close()


def test_each_frame_of_a_clip_is_a_sign_of_life(worker, tmp_path):
    beats = []
    path = clip(tmp_path / "clip.mp4", frames=5)

    record = worker.work_on(Task(Item(str(path), "clip.mp4", "video"), ()), lambda: beats.append(1))

    assert record.frames == 5
    # Looking for key frames, where it could be cut, is work as well.
    assert len(beats) >= 5
    assert record.identity == identity_of(str(path))


def test_parts_that_another_engine_made_are_not_gone_on_with(network, tmp_path):
    FolderPlace(tmp_path / "out").prepare()
    worker = Worker(plan_for(network, tmp_path / "out", forms=("masks",), part_s=1.0))
    path = clip(tmp_path / "long.mp4", frames=600)
    task = Task(Item(str(path), "long.mp4", "video"), ())
    left = staged.staged_folder(FolderPlace(tmp_path / "out"), str(path)) / "part-0000"

    assert isinstance(worker.work_on(task, lambda: None), Cut)
    left.mkdir()
    worker.work_on(task, lambda: None)
    assert left.exists()
    worker.pinned = Pinned("another", "graph")
    worker.work_on(task, lambda: None)
    assert not left.exists()
    worker.close()


def test_a_full_disk_ends_the_job(worker, tmp_path, monkeypatch):
    path = picture(tmp_path / "a.png")

    def full(file, data):
        cause = OSError(errno.ENOSPC, "No space left on device")
        raise cannot_write(file, cause) from cause

    monkeypatch.setattr("deeplab_cv.batch.worker.write_whole", full)

    with pytest.raises(SinkError, match="disk is full"):
        worker.work_on(Task(Item(str(path), "a.png", "picture"), ()), lambda: None)
    assert list((tmp_path / "out" / ".unfinished").iterdir()) == []
