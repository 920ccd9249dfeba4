"""Standard error, with a number of its own for this program's lines, so that native libraries can be kept silent."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_NATIVE = 2
"""Where libraries in C write, whatever becomes of Python's stream."""


class _State:
    """Of this process: the number is its own, too.

    Attributes:
        own: where this program's lines go.
        silencers: how many blocks keep native libraries silent now.
    """

    own = _NATIVE
    silencers = 0


_state = _State()
_changing = threading.Lock()


def take_own_number() -> None:
    """Give Python's standard error a number of its own; to be called before anything is written to it.

    Python has none where it was closed at the start; whatever has its number by then takes the lines.
    """
    _state.own = os.dup(_NATIVE)
    encoding, errors = (sys.stderr.encoding, sys.stderr.errors) if sys.stderr else ("utf-8", "backslashreplace")
    sys.stderr = os.fdopen(_state.own, "w", buffering=1, encoding=encoding, errors=errors, closefd=False)


def own_number() -> int:
    """The file descriptor of this program's own lines."""
    return _state.own


@contextlib.contextmanager
def silent_natives() -> Iterator[None]:
    """Keep native libraries from writing to the terminal meanwhile, in all threads.

    Only where Python's standard error has a number of its own: lines of this program, or of another one that uses it as
    a package, would be lost with theirs.
    """
    if _state.own == _NATIVE:
        yield
        return
    with _changing:
        _state.silencers += 1
        if _state.silencers == 1:
            _point_to(os.devnull)
    try:
        yield
    finally:
        with _changing:
            _state.silencers -= 1
            if _state.silencers == 0:
                os.dup2(_state.own, _NATIVE)


def _point_to(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    os.dup2(descriptor, _NATIVE)
    os.close(descriptor)
