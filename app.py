#!/usr/bin/env python3
"""Entry: hands over to deeplab_cv.__main__."""

# Built into Python, where `signal` takes milliseconds to import, in which Ctrl-C would bring a traceback.
import _signal  # type: ignore[import-not-found]

if __name__ == "__main__":
    # Nothing is written yet: until requests to stop are held, Ctrl-C ends the process at once.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

    from deeplab_cv.__main__ import entry

    entry()
