"""Work in a process of its own, for what may end its process, take all memory or never come back."""

import contextlib
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeplab_cv.errors import UserError
from deeplab_cv.machine import interrupts
from deeplab_cv.machine.endings import how_it_ended
from deeplab_cv.machine.memory import total_memory

_ROOT = Path(__file__).parents[2]
_PROGRAM = """import sys
sys.path = [{root!r}, *filter(None, sys.path)]
from {module} import main
main()"""
"""Run by -c, and not by -m, which would take modules out of the working folder."""

_CLEANS_UP_S = 0.5
_LEAST = 2**31

_log = logging.getLogger("deeplab_cv")


class UnfinishedWorkError(Exception):
    """The process ended, took too long or failed before the work was done; the message is the reason."""


def started(module: str) -> "subprocess.Popen[bytes]":
    """A new process that runs a module's `main` and is spoken to through its standard input and output.

    Raises OSError where no process can be started.
    """
    command = [sys.executable, "-c", _PROGRAM.format(root=str(_ROOT), module=module)]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
    )


def limit_memory(share: float | None) -> None:
    """Bound the memory that this process may ask for by a share of what there is, 2 GB at least; None lifts the bound.

    Windows has no such limit for a process that bounds itself; macOS takes it and does not hold to it.
    """
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = hard if share is None else max(_LEAST, int(share * total_memory()))
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def leave_no_core() -> None:
    """Where this process is ended by a signal, it leaves no file of its memory behind."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def in_child(work: Callable[..., Any], *arguments: object, limit_s: float, memory_share: float) -> Any:
    """Call a function of a module in a process of its own; what it logs is logged here.

    Args:
        work: the function; what it is given and what it returns can be pickled.
        arguments: what it is given.
        limit_s: how long it may take.
        memory_share: of this machine's memory, that it may take.

    Returns:
        What it returned.

    Raises:
        UserError: what it raised.
        UnfinishedWorkError: it raised anything else, or did not get that far.
    """
    try:
        process = started(__name__)
    except OSError as error:
        raise UnfinishedWorkError(f"no process can be started: {error.strerror}") from error
    try:
        answer, _ = process.communicate(pickle.dumps((work, arguments, memory_share)), timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise UnfinishedWorkError(f"it took longer than {limit_s:.0f} s") from None
    finally:
        _end(process)
    if not answer:
        raise UnfinishedWorkError(f"the process {how_it_ended(process.returncode)}")
    lines, result, failure = pickle.loads(answer)
    for level, line in lines:
        _log.log(level, "%s", line)
    if failure is not None:
        raise failure
    return result


def main() -> None:
    """Do the work that comes through standard input, and write what came of it to standard output."""
    interrupts.hold()
    leave_no_core()
    answer = os.dup(1)
    # Whatever native code prints goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    work, arguments, memory_share = pickle.loads(sys.stdin.buffer.read())
    limit_memory(memory_share)
    lines = _Lines()
    _log.addHandler(lines)
    _log.setLevel(logging.INFO)
    outcome = _outcome(work, arguments)
    with os.fdopen(answer, "wb") as file:
        file.write(pickle.dumps((lines.said, *outcome)))
    # Past destructors of native code, some of which never end.
    os._exit(0)


def _outcome(work: Callable[..., Any], arguments: tuple[object, ...]) -> tuple[Any, Exception | None]:
    try:
        return work(*arguments), None
    except UserError as error:
        return None, error
    except MemoryError:
        return None, UnfinishedWorkError("it takes too much memory")
    except Exception as error:  # whatever bindings of native code raise
        reason = " ".join(str(error).split())[:300]
        return None, UnfinishedWorkError(f"{type(error).__name__}: {reason}" if reason else type(error).__name__)


class _Lines(logging.Handler):
    """Keeps what is logged, for the process that asked."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.said.append((record.levelno, record.getMessage()))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that may still run, which first deletes what it was writing."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_CLEANS_UP_S)
    process.kill()
    process.communicate()
