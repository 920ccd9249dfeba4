"""Where the process begins, as app.py, `deeplab-cv` or `python -m deeplab_cv`."""

# Built into Python, where `signal` takes milliseconds to import, in which Ctrl-C would bring a traceback.
import _signal  # type: ignore[import-not-found]

# Nothing is written yet: until requests to stop are held, Ctrl-C ends the process at once.
_signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import os  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from typing import NoReturn  # noqa: E402

from deeplab_cv.machine import interrupts  # noqa: E402
from deeplab_cv.machine.standard_error import take_own_number  # noqa: E402


def entry() -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    _fill_closed_streams()
    take_own_number()
    interrupts.hold()

    from deeplab_cv.cli import main

    try:
        code = main()
    finally:
        interrupts.settle()
    if threading.active_count() > 1:
        # A thread sits in a driver or in an engine that is still loading. Taking the interpreter down round it ends in
        # a crash of the native library, so leave at once; every output is whole by now.
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _fill_closed_streams() -> None:
    """Open the null device for a stream that is closed, lest an output gets its number and every message with it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    entry()
