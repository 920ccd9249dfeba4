"""A batch job from its words to what lies in its folder."""

import errno
import json
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.batch import staged
from deeplab_cv.batch.job import BatchJob
from deeplab_cv.batch.run_options import RunOptions
from deeplab_cv.batch.work import Item, Task
from deeplab_cv.batch.worker import Worker
from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.overlay.options import PictureOptions
from tests.batch.jobs import BLUE, FAKE, GREEN, RED, clip, hashes_below, picture, plan_for, run_job
from tests.tiny_networks import PERSON
from tests.waiting import wait_for


@pytest.fixture
def mixed(tmp_path):
    """Pictures of two folders, one of them with a clip."""
    folder = tmp_path / "in"
    picture(folder / "red.png", RED)
    picture(folder / "deep" / "green.jpg", GREEN)
    clip(folder / "deep" / "clip.mp4")
    return folder


def test_every_file_is_painted_under_its_own_name(tmp_path, network, mixed):
    records, summary = run_job(plan_for(network, tmp_path / "out", forms=("painted", "masks")), [mixed])

    assert sorted(hashes_below(tmp_path / "out")) == [
        *(f"masks/deep/clip/{number:06d}.png" for number in range(6)),
        "masks/deep/green.png",
        "masks/red.png",
        "painted/deep/clip.mp4",
        "painted/deep/green.jpg",
        "painted/red.png",
    ]
    assert (np.asarray(Image.open(tmp_path / "out" / "masks" / "red.png")) == PERSON).all()
    assert (summary["files"], summary["whole"], summary["failed"], summary["left"]) == (3, 3, 0, 0)
    assert {name: record.frames for name, record in records.items()} == {"red.png": 1, "green.jpg": 1, "clip.mp4": 6}


def test_the_same_command_again_does_nothing_twice(tmp_path, network, mixed):
    plan = plan_for(network, tmp_path / "out")
    run_job(plan, [mixed])
    before = hashes_below(tmp_path / "out")

    records, summary = run_job(plan, [mixed])

    assert records == {}
    assert summary["whole"] == 3
    assert hashes_below(tmp_path / "out") == before


def test_what_is_new_or_changed_or_lost_is_done_and_nothing_else(tmp_path, network, mixed):
    plan = plan_for(network, tmp_path / "out")
    run_job(plan, [mixed])
    picture(mixed / "new.png", BLUE)
    picture(mixed / "red.png", GREEN, size=(96, 96))
    (tmp_path / "out" / "painted" / "deep" / "green.jpg").unlink()

    records, _ = run_job(plan, [mixed])

    assert sorted(records) == ["green.jpg", "new.png", "red.png"]
    assert cv2.imread(str(tmp_path / "out" / "painted" / "red.png")).shape == (96, 96, 3)


def test_other_settings_in_the_same_folder_are_refused_and_again_does_all_anew(tmp_path, network, mixed):
    run_job(plan_for(network, tmp_path / "out"), [mixed])
    other = plan_for(network, tmp_path / "out", picture=PictureOptions(alpha=0.9))

    with pytest.raises(UsageError, match=r"other settings \(picture\)"):
        run_job(other, [mixed])
    records, summary = run_job(other, [mixed], again=True)

    assert sorted(records) == ["clip.mp4", "green.jpg", "red.png"]
    assert summary["failed"] == 0


def test_a_file_that_the_job_did_not_make_is_not_written_over(tmp_path, network, mixed):
    mine = tmp_path / "out" / "painted" / "red.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")

    records, _ = run_job(plan_for(network, tmp_path / "out"), [mixed])

    assert records["red.png"].stage == "write"
    assert mine.read_bytes() == b"mine"


def bad_folder(folder):
    """A folder of everything that can be wrong with a file, and one picture that is right."""
    good = picture(folder / "good.png")
    (folder / "cut off.png").write_bytes(good.read_bytes()[:60])
    (folder / "noise.jpg").write_bytes(bytes(range(256)) * 20)
    (folder / "empty.png").touch()
    (folder / "empty.mp4").touch()
    (folder / "text.jpg").write_text("this is no picture", encoding="ascii")
    (folder / "notes.txt").write_text("nor is this", encoding="ascii")
    (folder / "half.mp4").write_bytes(clip(folder / "whole.mp4").read_bytes()[:400])
    (folder / "crash.png").write_bytes(b"crash")
    picture(folder / "a" / "same.png", GREEN)
    picture(folder / "b" / "same.png", BLUE)
    if os.name != "nt":
        (folder / "loop").symlink_to(folder)
        (folder / "itself.png").symlink_to(folder / "itself.png")
        (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(good.read_bytes())
    return folder


def test_a_folder_full_of_bad_files_costs_none_of_the_good_ones(tmp_path, network):
    folder = bad_folder(tmp_path / "in")
    plan = plan_for(network, tmp_path / "out", forms=("painted", "masks"))

    records, summary = run_job(plan, [folder / "a", folder / "b", folder], program=FAKE)

    bad = {name: record.stage for name, record in records.items() if record.failed}
    expected = {"cut off.png", "noise.jpg", "empty.png", "empty.mp4", "text.jpg", "half.mp4"}
    assert expected <= {name for name, stage in bad.items() if stage == "read"}
    assert bad["crash.png"] == "worker"
    good = {"good.png", "whole.mp4", "same.png"} | ({os.fsdecode(b"caf\xe9.png")} if os.name != "nt" else set())
    assert good == {name for name, record in records.items() if not record.failed}
    painted = tmp_path / "out" / "painted"
    assert (painted / "same.png").read_bytes() != (painted / "same-2.png").read_bytes()
    assert summary["neither_picture_nor_video"] == 1
    rows = (tmp_path / "out" / "failures.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "file,stage,reason"
    assert len(rows) - 1 == summary["failed"] == len(bad)


def test_failed_files_wait_for_retry_failed(tmp_path, network):
    folder = tmp_path / "in"
    picture(folder / "good.png")
    (folder / "bad.png").write_bytes(b"no picture")
    plan = plan_for(network, tmp_path / "out")
    run_job(plan, [folder])

    left_alone, summary = run_job(plan, [folder])
    assert (left_alone, summary["failed"]) == ({}, 1)
    tried, summary = run_job(plan, [folder], retry_failed=True)
    assert (list(tried), summary["failed"]) == (["bad.png"], 1)
    picture(folder / "bad.png", BLUE)
    mended, summary = run_job(plan, [folder])
    assert (list(mended), summary["failed"], summary["whole"]) == (["bad.png"], 0, 2)


def test_a_picture_of_a_hundred_megapixels_is_done(tmp_path, network, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    picture(tmp_path / "in" / "large.png", RED, size=(12500, 8000))

    records, _ = run_job(plan_for(network, tmp_path / "out", forms=("masks",)), [tmp_path / "in"])

    assert not records["large.png"].failed
    with Image.open(tmp_path / "out" / "masks" / "large.png") as mask:
        assert mask.size == (12500, 8000)


def test_what_a_killed_run_had_whole_only_gets_its_place(tmp_path, network, mixed, monkeypatch):
    forms = ("painted", "masks")
    run_job(plan_for(network, tmp_path / "out", forms=forms), [mixed])
    other = plan_for(network, tmp_path / "other", forms=forms)
    # Killed between the note that all is whole and the first of the places.
    monkeypatch.setattr(staged, "land", lambda place, folder, beat: None)
    (tmp_path / "other" / ".unfinished").mkdir(parents=True)
    Worker(other).work_on(Task(Item(str(mixed / "red.png"), "red.png", "picture"), ()), lambda: None)
    monkeypatch.undo()

    records, summary = run_job(other, [mixed])

    assert sorted(records) == ["clip.mp4", "green.jpg", "red.png"]
    assert summary["this_run"]["files"] == 2
    assert summary["whole"] == 3
    assert hashes_below(tmp_path / "other") == hashes_below(tmp_path / "out")
    assert not (tmp_path / "other" / ".unfinished").exists()


def test_a_run_that_is_stopped_leaves_whole_files_and_the_next_does_the_rest(tmp_path, network, mixed):
    plan = plan_for(network, tmp_path / "out")
    stop = threading.Event()
    with BatchJob(plan, [str(mixed)], RunOptions(workers=1)) as job:
        for _ in job.run(stop):
            stop.set()
        summary = job.summary

    assert (summary["whole"], summary["left"]) == (1, 2)
    records, summary = run_job(plan, [mixed])
    assert (len(records), summary["left"]) == (2, 0)


def test_two_runs_in_one_folder_are_refused(tmp_path, network, mixed):
    plan = plan_for(network, tmp_path / "out")

    with BatchJob(plan, [str(mixed)], RunOptions()), pytest.raises(UsageError, match="another run is at work"):
        BatchJob(plan, [str(mixed)], RunOptions())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has locks everywhere")
def test_a_disk_without_locks_is_worked_on_with_a_warning(tmp_path, network, mixed, monkeypatch, caplog):
    import fcntl

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    with BatchJob(plan_for(network, tmp_path / "out"), [str(mixed)], RunOptions()) as job:
        assert job.to_do == 3
    assert "has no locks" in caplog.text


def stopped_before_anything_is_made(plan, folder):
    """Run a job over a file that never ends, and stop it once its engine is noted; what came of it until then."""
    folder.mkdir()
    (folder / "endless.png").write_bytes(b"hang")
    stop = threading.Event()

    def watch():
        wait_for((Path(plan.folder) / "job.json").exists)
        stop.set()

    watching = threading.Thread(target=watch)
    watching.start()
    with BatchJob(plan, [str(folder)], RunOptions(workers=1, program=FAKE, patience_s=40.0)) as job:
        records = list(job.run(stop))
    watching.join()
    return records


def test_the_engine_is_noted_before_anything_is_made(tmp_path, network, mixed):
    plan = plan_for(network, tmp_path / "out")

    records = stopped_before_anything_is_made(plan, tmp_path / "endless")
    facts = json.loads((tmp_path / "out" / "job.json").read_text(encoding="utf-8"))
    with BatchJob(plan, [str(mixed)], RunOptions()) as job:
        pinned = job._plan.pinned

    assert records == []
    assert asdict(pinned) == facts["pinned"]


def test_a_folder_in_which_nothing_was_made_takes_other_settings(tmp_path, network, mixed):
    stopped_before_anything_is_made(plan_for(network, tmp_path / "out"), tmp_path / "endless")

    _, summary = run_job(plan_for(network, tmp_path / "out", picture=PictureOptions(alpha=0.9)), [mixed])

    assert summary["whole"] == 3


def test_the_engine_is_chosen_once_and_noted(tmp_path, network, mixed):
    plan = plan_for(network, tmp_path / "out")
    run_job(plan, [mixed])

    facts = json.loads((tmp_path / "out" / "job.json").read_text(encoding="utf-8"))

    assert facts["pinned"]["backend"].startswith("opencv:")
    assert facts["engine"].startswith("opencv:")
    assert (tmp_path / "out" / "done.jsonl").read_text(encoding="utf-8").count("\n") == 3


@pytest.mark.parametrize("left", [0, 1])
def test_outputs_whose_records_are_lost_are_made_again_and_taken_for_the_same(tmp_path, network, mixed, left):
    plan = plan_for(network, tmp_path / "out", forms=("painted", "masks"))
    run_job(plan, [mixed])
    before = hashes_below(tmp_path / "out")
    lines = (tmp_path / "out" / "done.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "out" / "done.jsonl").write_bytes(b"".join([*lines[:left], b"\0" * 50 + b"\n"][: 2 * left]))

    records, summary = run_job(plan, [mixed])

    assert len(records) == len(lines) - left
    assert summary["failed"] == 0
    assert hashes_below(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["summary.json", "failures.csv", "job.json", "done.jsonl"])
def test_a_file_of_somebody_else_with_a_name_of_the_job_s_is_not_written_over(tmp_path, network, mixed, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text('{"mine": 1}\n', encoding="ascii")

    with pytest.raises(SinkError):
        run_job(plan_for(network, tmp_path / "out"), [mixed])

    assert (tmp_path / "out" / name).read_text(encoding="ascii") == '{"mine": 1}\n'


def test_the_folder_of_the_inputs_may_be_that_of_the_outputs(tmp_path, network, mixed):
    records, _ = run_job(plan_for(network, mixed), [mixed])
    again, summary = run_job(plan_for(network, mixed), [mixed])

    assert len(records) == summary["whole"] == summary["files"]
    assert again == {}


def test_a_folder_without_a_name_is_refused(tmp_path, network, mixed):
    with pytest.raises(UsageError, match="has no name"):
        run_job(plan_for(network, ""), [mixed])


def test_a_video_and_a_folder_of_its_name_both_get_their_masks(tmp_path, network):
    clip(tmp_path / "in" / "clip.mp4", frames=2)
    picture(tmp_path / "in" / "clip" / "000009.jpg")
    plan = plan_for(network, tmp_path / "out", forms=("masks",))

    _, summary = run_job(plan, [tmp_path / "in"])
    again, _ = run_job(plan, [tmp_path / "in"])

    assert (summary["whole"], again) == (2, {})
    assert sorted(hashes_below(tmp_path / "out")) == [
        "masks/clip-2/000000.png",
        "masks/clip-2/000001.png",
        "masks/clip/000009.png",
    ]


@pytest.mark.parametrize("wishes", [{}, {"again": True}], ids=["gone on with", "done anew"])
def test_a_folder_of_a_finished_video_s_name_leaves_its_masks_alone(tmp_path, network, wishes):
    clip(tmp_path / "in" / "clip.mp4", frames=2)
    plan = plan_for(network, tmp_path / "out", forms=("masks",))
    run_job(plan, [tmp_path / "in"])
    before = hashes_below(tmp_path / "out")
    picture(tmp_path / "in" / "clip" / "000001.jpg", GREEN)

    _, summary = run_job(plan, [tmp_path / "in"], **wishes)
    again, _ = run_job(plan, [tmp_path / "in"])

    after = hashes_below(tmp_path / "out")
    assert (summary["whole"], again) == (2, {})
    assert after == before | {"masks/clip-2/000001.png": after["masks/clip-2/000001.png"]}


def test_outputs_that_met_in_a_job_of_an_older_version_are_made_again_under_other_names(tmp_path, network):
    clip(tmp_path / "in" / "clip.mp4", frames=2)
    plan = plan_for(network, tmp_path / "out", forms=("masks",))
    run_job(plan, [tmp_path / "in"])
    picture(tmp_path / "in" / "clip" / "000009.jpg")
    with (tmp_path / "out" / "done.jsonl").open("a", encoding="ascii") as file:
        met = {"input": str(tmp_path / "in" / "clip" / "000009.jpg"), "name": "clip/000009.jpg", "settings": ""}
        file.write(json.dumps(met) + "\n")

    _, summary = run_job(plan, [tmp_path / "in"])
    again, _ = run_job(plan, [tmp_path / "in"])

    assert (summary["whole"], summary["failed"], again) == (2, 0, {})
