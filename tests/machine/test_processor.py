import os

import pytest

from deeplab_cv.machine import processor
from deeplab_cv.machine.processor import processor_name, usable_cores


def test_there_is_a_core_and_no_more_than_the_machine_has():
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_the_processor_has_a_name():
    assert processor_name().strip() != ""


@pytest.mark.parametrize(
    ("content", "cores"), [("max 100000\n", 4), ("200000 100000\n", 2), ("50000 100000\n", 1), ("900000 100000\n", 4)]
)
def test_a_containers_quota_is_heeded(tmp_path, monkeypatch, content, cores):
    quota = tmp_path / "cpu.max"
    quota.write_text(content)
    monkeypatch.setattr(processor, "_QUOTA", quota)
    monkeypatch.setattr(processor, "_TOPOLOGY", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)

    assert usable_cores() == cores


def test_two_threads_of_one_core_count_once(tmp_path, monkeypatch):
    for number, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / f"cpu{number}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{siblings}\n")
    monkeypatch.setattr(processor, "_QUOTA", tmp_path / "none")
    monkeypatch.setattr(processor, "_TOPOLOGY", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)

    assert usable_cores() == 2


def test_a_process_that_shares_the_machine_counts_on_its_share(monkeypatch):
    monkeypatch.setattr(processor._Share, "cores", None)
    monkeypatch.setattr(processor, "_quota", lambda: 8)
    monkeypatch.setattr(processor, "_siblings", str)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)

    processor.count_on(3)

    assert usable_cores() == 3
