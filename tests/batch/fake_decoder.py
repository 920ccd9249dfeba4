"""A picture decoder that does what a file tells it: end the process, hang, or end it the first time only.

A file begins with `crash`, `hang` or `crash once`; any other is read. Who hangs leaves a file beside the inputs'
folder.
"""

import os
import signal
import threading

from deeplab_cv.batch import worker
from deeplab_cv.batch.on_ray import Actor

_really_read = worker.read_picture


def read_as_told(path):
    told = path.read_bytes()[:20]
    if told.startswith(b"crash once"):
        # What is read the second time is a picture.
        path.write_bytes(path.read_bytes()[len(b"crash once") :])
        os.kill(os.getpid(), signal.SIGKILL)
    if told.startswith(b"crash"):
        os.kill(os.getpid(), signal.SIGKILL)
    if told.startswith(b"hang"):
        (path.parents[1] / f"hangs-{os.getpid()}").touch()
        threading.Event().wait()
    return _really_read(path)


class FakeActor(Actor):
    """An actor with this decoder."""

    def __init__(self, plan):
        worker.read_picture = read_as_told
        super().__init__(plan)
