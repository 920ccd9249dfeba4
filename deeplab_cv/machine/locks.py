"""Locks on open files, which end with the process that holds them: a number of a process may be given again."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":

    def lock(descriptor: int) -> None:
        """Nothing is to be done: Windows renames no file that Python has open, which is lock enough."""

    @contextmanager
    def lock_of(path: Path) -> Iterator[bool | None]:
        """Whether a process has the file open; the file is to be renamed or deleted in the block."""
        try:
            path.rename(path)
        except OSError:
            yield True
        else:
            yield False

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Lock an open file for as long as it is open, where the file system has locks."""
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)

    @contextmanager
    def lock_of(path: Path) -> Iterator[bool | None]:
        """Whether a process that lives holds the file's lock; where none does, it is held for the block.

        None where nobody can know, since the file cannot be opened or its file system has no locks.
        """
        try:
            # Network file systems lock only what is open for writing.
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            yield None
            return
        try:
            yield _is_locked(path, descriptor)
        finally:
            os.close(descriptor)

    def _is_locked(path: Path, descriptor: int) -> bool | None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return True
        except OSError:
            return None
        try:
            # Its writer, or another run, may just have renamed it.
            return not os.path.samestat(path.stat(), os.fstat(descriptor))
        except OSError:
            return True


@contextmanager
def locked_elsewhere(path: Path) -> Iterator[bool]:
    """Whether a process that lives holds the file's lock, or might; as `lock_of`."""
    with lock_of(path) as locked:
        yield locked is not False
