"""Workers that die, hang, or cannot start."""

import threading
import time

import pytest

from deeplab_cv.batch import child
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.pool import Pool, known_identity, workers_at_first
from deeplab_cv.batch.work import Item, Task
from deeplab_cv.errors import UserError
from deeplab_cv.machine.processor import usable_cores
from tests.batch.jobs import FAKE, GREEN, picture, plan_for, run_job
from tests.waiting import HANGS_S, Clock, wait_for


def told(path, words, with_picture=False):
    """A file that tells the fake decoder what to do; it may then be a picture."""
    picture(path, GREEN)
    path.write_bytes(words + (path.read_bytes() if with_picture else b""))


def test_a_file_that_ends_its_worker_twice_is_set_aside_and_the_others_are_done(tmp_path, network):
    told(tmp_path / "in" / "b.png", b"crash")
    for name in ("a.png", "c.png", "d.png"):
        picture(tmp_path / "in" / name)

    records, summary = run_job(plan_for(network, tmp_path / "out"), [tmp_path / "in"], program=FAKE)

    assert records["b.png"].stage == "worker"
    assert "SIGKILL" in records["b.png"].reason
    assert (summary["whole"], summary["failed"]) == (3, 1)


def test_a_file_that_ends_its_worker_once_is_done_by_the_next(tmp_path, network):
    told(tmp_path / "in" / "a.png", b"crash once", with_picture=True)

    records, summary = run_job(plan_for(network, tmp_path / "out"), [tmp_path / "in"], program=FAKE)

    assert not records["a.png"].failed
    assert summary["failed"] == 0


def test_a_worker_that_stops_answering_is_ended_and_its_file_tried_once_more(tmp_path, network, monkeypatch, caplog):
    class Clock:
        """Whenever a worker hangs, longer goes by than anybody waits."""

        def monotonic(self):
            return time.monotonic() + 2 * HANGS_S * len(list(tmp_path.glob("hangs-*")))

    monkeypatch.setattr(child, "time", Clock())
    told(tmp_path / "in" / "a.png", b"hang")
    picture(tmp_path / "in" / "b.png")

    records, _ = run_job(plan_for(network, tmp_path / "out"), [tmp_path / "in"], program=FAKE, patience_s=HANGS_S)

    assert "stopped answering" in records["a.png"].reason
    assert not records["b.png"].failed
    assert "it is tried once more" in caplog.text


def test_who_takes_the_records_slowly_loses_no_worker(tmp_path, network, monkeypatch, caplog):
    files = [picture(tmp_path / "in" / f"{number}.png") for number in range(6)]
    clock = Clock()
    monkeypatch.setattr(child, "time", clock)
    plan, place = plan_for(network, tmp_path / "out"), FolderPlace(tmp_path / "out")
    place.prepare()
    pool = Pool(plan, place, most=1, on_ready=lambda _: None)

    records = []
    for record in pool.work_on([Task(Item(str(file), file.name, "picture"), ()) for file in files], threading.Event()):
        records.append(record)
        # What was ahead of the worker is done meanwhile, and more time goes by than its patience.
        wait_for(lambda: not pool._heard.empty() or not any(each.tasks for each in pool._alive))
        clock.now_s += 1000.0

    assert [record.failed for record in records] == [False] * 6
    assert "it is tried once more" not in caplog.text


def test_a_worker_that_never_loads_is_ended_after_the_time_for_loading(tmp_path, network, monkeypatch):
    picture(tmp_path / "in" / "a.png")
    monkeypatch.setattr(child, "_LOADING_S", 0.5)

    with pytest.raises(UserError, match=r"stopped answering for 0\.5 s"):
        run_job(
            plan_for(network, tmp_path / "out"),
            [tmp_path / "in"],
            program=(FAKE[0], "-c", "import threading; threading.Event().wait()"),
            patience_s=HANGS_S,
        )


def test_several_workers_share_the_files(tmp_path, network):
    for number in range(8):
        picture(tmp_path / "in" / f"{number}.png")

    records, summary = run_job(plan_for(network, tmp_path / "out"), [tmp_path / "in"], workers=2)

    assert len(records) == 8
    assert summary["this_run"]["workers"] == 2


def test_a_worker_that_cannot_start_is_one_line(tmp_path, network):
    picture(tmp_path / "in" / "a.png")
    plan = plan_for(network, tmp_path / "out")

    with pytest.raises(UserError, match="before it has loaded the network"):
        run_job(plan, [tmp_path / "in"], program=(FAKE[0], "-c", "raise SystemExit(7)"))


def test_an_engine_that_cannot_be_had_ends_the_job(tmp_path, network):
    picture(tmp_path / "in" / "a.png")
    plan = plan_for(network, tmp_path / "out")
    network_gone = plan.network.model_copy(update={"model": str(tmp_path / "gone.onnx")})

    with pytest.raises(UserError, match="no such network file"):
        run_job(type(plan)(**{**vars(plan), "network": network_gone}), [tmp_path / "in"])


def test_no_process_is_left_when_the_run_ends(tmp_path, network):
    picture(tmp_path / "in" / "a.png")
    run_job(plan_for(network, tmp_path / "out"), [tmp_path / "in"], workers=2)

    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("worker-")] == []


def test_there_is_at_least_one_worker_and_no_more_than_cores():
    assert 1 <= workers_at_first() <= usable_cores()


def test_a_missing_file_has_no_identity(tmp_path):
    assert known_identity(Item(str(tmp_path / "gone.png"), "gone.png", "picture")) is None
