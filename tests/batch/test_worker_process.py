"""What a worker's process says to whoever hands out files."""

import subprocess

import pytest

from deeplab_cv.batch.child import PROGRAM
from deeplab_cv.batch.work import DoneRecord, Item, Task
from deeplab_cv.batch.worker_process import Beat, Ready, Said
from deeplab_cv.errors import UserError
from deeplab_cv.machine.messages import receive, send
from tests.batch.jobs import picture, plan_for


@pytest.fixture
def process():
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def said(process):
    """The first message that is neither a line of the log nor a sign of life."""
    while isinstance(message := receive(process.stdout), Said | Beat):
        pass
    return message


def test_a_worker_says_that_it_is_ready_and_what_came_of_a_file(process, network, tmp_path):
    plan = plan_for(network, tmp_path / "out")
    (tmp_path / "out" / ".unfinished").mkdir(parents=True)
    send(process.stdin, plan)
    ready = said(process)
    send(process.stdin, Task(Item(str(picture(tmp_path / "a.png")), "a.png", "picture"), ()))
    record = said(process)

    assert isinstance(ready, Ready)
    assert ready.pinned.backend.startswith("opencv:")
    assert isinstance(record, DoneRecord)
    assert (tmp_path / "out" / record.outputs[0].path).is_file()


def test_a_worker_goes_when_nobody_hands_out_files_any_more(process, network, tmp_path):
    send(process.stdin, plan_for(network, tmp_path / "out"))
    process.stdin.close()

    assert process.wait(120) == 1


def test_what_no_file_can_change_is_said_as_an_error(process, network, tmp_path):
    plan = plan_for(network, tmp_path / "out")
    gone = plan.network.model_copy(update={"model": str(tmp_path / "gone.onnx")})
    send(process.stdin, type(plan)(**{**vars(plan), "network": gone}))

    assert isinstance(said(process), UserError)
