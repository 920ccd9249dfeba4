"""The stack on which signals are handled, kept as it was while an engine loads."""

import contextlib
import ctypes
import sys
from collections.abc import Iterator


class _Stack(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextlib.contextmanager
def kept_signal_stack() -> Iterator[None]:
    """Give this thread its alternate signal stack back afterwards.

    OpenVINO's processor plugin sets one of its own in the thread that loads it and frees it in the thread that lets it
    go. Where these are two, the next Ctrl-C is handled on memory that is gone, and the process dies (seen with OpenVINO
    2026.4 on Linux).
    """
    sigaltstack = getattr(ctypes.CDLL(None), "sigaltstack", None) if sys.platform == "linux" else None
    if sigaltstack is None:
        yield
        return
    before = _Stack()
    sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        sigaltstack(ctypes.byref(before), None)
