"""A worker whose picture decoder does what a file tells it: end the process, hang, or end it the first time only.

Run as a program in the place of a real worker. A file begins with `crash`, `hang` or `crash once`; any other is read.
"""

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from deeplab_cv.batch import worker, worker_process

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
        threading.Event().wait()
    return _really_read(path)


worker.read_picture = read_as_told
worker_process.main()
