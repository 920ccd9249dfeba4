"""Ctrl-C and requests to terminate: held from the process's first moment, until a command can take them.

A Python handler that raises is no use while modules load: native modules turn KeyboardInterrupt into ImportError, and
the program goes on without them. So until a command asks, no handler raises. A thread of its own, woken by the signal
itself, ends the process, since nothing is written yet. A command that writes something takes requests over with `noted`
or `raised`, and cleans up behind itself. Of one that cannot, since a native call never comes back, that thread deletes
the half written files and ends the process too.
"""

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deeplab_cv.machine.standard_error import own_number

EXIT_CODE = 130
"""Of every command that was stopped, whichever signal did it."""

_NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP", "SIGBREAK": "Ctrl-Break"}
_SIGNALS = {int(getattr(signal, name)): words for name, words in _NAMES.items() if hasattr(signal, name)}

_LEAVING_S = 2.0
"""What a command that has taken a request may still take to end, once it has cleaned up."""
_LOOK_S = 0.05

_IMPORT_SYSTEM = "<frozen importlib._bootstrap>"


@dataclass(frozen=True)
class Grace:
    """How long a block that KeyboardInterrupt ends may take to do so before its process is ended round it.

    Attributes:
        heed_s: until it is raised: the main thread may be deep in a native call, or in an import.
        clean_up_s: in all, once it is raised.
    """

    heed_s: float
    clean_up_s: float


_NOTHING_TO_SAVE = Grace(heed_s=0.6, clean_up_s=2.0)
SOMETHING_TO_SAVE = Grace(heed_s=5.0, clean_up_s=30.0)
"""Of a block that writes down how far it came: a training is in native calls of seconds."""


class _State:
    """Of this process: signals are its own, too.

    Attributes:
        answer: what a request does now, called with the frame that it meets; None while nobody takes it.
        last: the signal that came last, 0 before the first.
        unheeded: a request came while nobody took it; the process is about to end.
        answered: a command has taken a request, and is on its way out.
        late: a request met an import and is to be made once more.
        grace: with a block that a request ends by KeyboardInterrupt; None outside of one.
        raised: such a block was sent its KeyboardInterrupt.
        watched: `hold` stands, and so does its thread.
    """

    answer: Callable[[FrameType | None], None] | None = None
    last = 0
    unheeded = False
    answered = False
    late = False
    grace: Grace | None = None
    raised = False
    watched = False


_state = _State()
_changing = threading.Lock()

leftovers: set[str] = set()
"""Half written files and private folders, deleted where the process is ended without its main thread."""

being_made = threading.Lock()
"""Held while one is made and added to `leftovers`, and by whoever ends the process to the end, so that none is new."""

_MAKING_S = 0.3


def hold() -> None:
    """Hold requests to stop from now on: one that no command takes ends the process with one line and exit code 130.

    To be called in the main thread, once, before anything heavy is imported.
    """
    reading, writing = os.pipe()
    if os.name != "nt":
        os.set_blocking(writing, False)
    _install()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    # Not a threading.Thread: nobody waits for it, and a program without other threads is still one with none.
    _thread.start_new_thread(_watch, (reading,))
    _state.watched = True
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_let_go)


@contextlib.contextmanager
def noted() -> Iterator[threading.Event]:
    """While the block runs, a request to stop only sets the event. Outside the main thread none comes."""
    event = threading.Event()
    with _answered_by(lambda frame: event.set()):
        yield event


@contextlib.contextmanager
def raised(grace: Grace = _NOTHING_TO_SAVE) -> Iterator[None]:
    """While the block runs, a request to stop raises KeyboardInterrupt in the main thread, though not in an import.

    Where that does not end the block in time, since native code never gives the main thread back, the process is ended
    with one line and exit code 130.
    """
    with _answered_by(_raise, grace):
        yield


def settle() -> None:
    """Wait for the end where the process is being ended, so that no other exit code comes before 130."""
    with _changing:
        if _state.unheeded:
            # The thread that ends the process is still to be woken: a short command is faster on a busy machine.
            _end()


def stopped_by() -> str:
    """The line for the user who stopped the program, such as `stopped by Ctrl-C`."""
    return f"stopped by {_SIGNALS.get(_state.last, 'Ctrl-C')}"


@contextlib.contextmanager
def _answered_by(answer: Callable[[FrameType | None], None], grace: Grace | None = None) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _install()
    with _changing:
        if _state.unheeded:
            _end()
        outer, _state.answer = _state.answer, answer
        outer_patience, _state.grace = _state.grace, grace
        _state.raised = False
    try:
        yield
    finally:
        with _changing:
            _state.answer, _state.grace = outer, outer_patience
        for number, handler in before.items():
            signal.signal(number, handler)


def _install() -> dict[int, signal.Handlers | Callable[[int, FrameType | None], object] | int | None]:
    """Put the handler on every signal that asks to stop; returns the handlers before.

    A signal that is ignored stays so, as nohup means it. Only Ctrl-C does not: shells have it ignored by all that a
    script starts in the background.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    kept = {number: old for number, old in before.items() if number == signal.SIGINT or old is not signal.SIG_IGN}
    for number in kept:
        signal.signal(number, _handle)
    return kept


def _handle(number: int, frame: FrameType | None) -> None:
    _state.last = number
    if _state.answer is None:
        _state.unheeded = True
        return
    _state.answered = True
    _state.answer(frame)


def _raise(frame: FrameType | None) -> None:
    while frame is not None and _state.watched:
        if frame.f_code.co_filename == _IMPORT_SYSTEM:
            _state.late = True
            return
        frame = frame.f_back
    _state.late = False
    _state.raised = True
    raise KeyboardInterrupt


def _watch(reading: int) -> None:
    """End the process where the main thread cannot be asked, which may be deep in a native call."""
    while received := os.read(reading, 1):
        number = received[0]
        if number not in _SIGNALS:
            continue
        with _changing:
            if _state.answer is None and not _state.answered:
                _state.last = number
                _end()
        _see_out(number)
        if _state.answer is None:
            time.sleep(_LEAVING_S)
            _leave()


def _see_out(number: int) -> None:
    """Wait while a block that KeyboardInterrupt ends is on its way out; end the process where that takes too long."""
    begun_s = time.monotonic()
    while (grace := _state.grace) is not None:
        time.sleep(_LOOK_S)
        limit_s = grace.clean_up_s if _state.raised else grace.heed_s
        if time.monotonic() - begun_s > limit_s:
            with _changing:
                if _state.grace is grace:
                    _end()
        if _state.late:
            _send_again(number)


def _send_again(number: int) -> None:
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        # Wakes the main thread out of a wait, too.
        signal.pthread_kill(main, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def _end() -> NoReturn:
    # Not through sys.stderr, whose lock the main thread may hold.
    with contextlib.suppress(OSError):
        os.write(own_number(), f"{stopped_by()}\n".encode())
    _leave()


def _leave() -> NoReturn:
    # The main thread runs on for a moment, and misses the files that are deleted: nobody shall read of that.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.dup2(nowhere, own_number())
    being_made.acquire(timeout=_MAKING_S)
    for name in tuple(leftovers):
        _delete(Path(name))
    os._exit(EXIT_CODE)


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        if not path.is_dir():
            path.unlink()
            return
        # Whoever made the folder has loaded it, so that no import is begun here.
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def _let_go() -> None:
    """A forked child is another process: it is stopped as any other, and wakes nobody here."""
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        if signal.getsignal(number) is _handle:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
