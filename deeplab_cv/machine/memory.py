"""What the C library does with memory: shared by threads, given back to the system, and filled where reading what is
not yours is to show.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_M_PERTURB = -6
_M_ARENA_MAX = -8
_FILLED_WITH = 0x60
"""Four such bytes are 6.5e19 as a float32: large enough to be seen in any sum, small enough not to overflow it."""


_CGROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Where Linux says how much memory a container may take and has taken, and how much of that it would give back."""


def total_memory() -> int:
    """Bytes of memory that this machine has, or that a container may take of it; POSIX only."""
    own = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = [int(text) for folder, limit, _, _ in _CGROUPS if (text := _text_of(f"{folder}/{limit}")).isdigit()]
    return min([own, *allowed])


def free_memory() -> int | None:
    """Bytes that processes may still take, of the machine's and of a container's; None where the system does not tell.

    What is only kept of files, and given back on demand, counts as free.
    """
    free = _number("/proc/meminfo", "MemAvailable:")
    if free is None:
        return None
    left = [free * 1024]
    for folder, limit, used, given_back in _CGROUPS:
        texts = _text_of(f"{folder}/{limit}"), _text_of(f"{folder}/{used}")
        if all(text.isdigit() for text in texts):
            may_take, taken = map(int, texts)
            left.append(max(0, may_take - taken + (_number(f"{folder}/memory.stat", given_back) or 0)))
    return min(left)


def own_memory() -> int | None:
    """Bytes of memory that this process takes for itself; None where the system does not tell."""
    kilobytes = _number("/proc/self/status", "RssAnon:")
    return None if kilobytes is None else kilobytes * 1024


def _number(file: str, name: str) -> int | None:
    """The number behind a name in one of Linux's lists."""
    lines = (line.split() for line in _text_of(file).splitlines())
    return next((int(words[1]) for words in lines if words and words[0] == name), None)


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def return_free_memory() -> None:
    """Give memory that was freed back to the system, where the C library is glibc, which otherwise keeps most of it."""
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


def share_free_memory() -> None:
    """Have all threads take memory from two pools, where the C library is glibc.

    glibc gives each new thread one of its own, up to eight for a core, and each stays as large as it once was: a live
    run, whose recordings and connections are threads that come and go, grows for an hour (mallopt(3), M_ARENA_MAX).
    """
    mallopt = _glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function that only some C libraries have."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


@contextlib.contextmanager
def spoiled_memory() -> Iterator[None]:
    """New memory is full of large numbers, so that an engine that reads outside its tensors gives visibly wrong scores.

    Otherwise such memory is often zero, and an engine that reads it is right in one start and wrong in the next.
    glibc fills all it hands out (mallopt(3), M_PERTURB). Elsewhere memory is filled and given back beforehand, in
    the hope that it is handed out again.
    """
    mallopt = _glibc("mallopt")
    if mallopt is None:
        _fill_free_memory()
        yield
        return
    mallopt(_M_PERTURB, 0xFF ^ _FILLED_WITH)
    try:
        yield
    finally:
        mallopt(_M_PERTURB, 0)


def _fill_free_memory() -> None:
    for power in range(4, 21):
        blocks: list[NDArray[np.float32]] = [np.full(2**power, 6.5e19, np.float32) for _ in range(4)]
        del blocks
