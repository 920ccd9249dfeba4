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
    def locked_elsewhere(path: Path) -> Iterator[bool]:
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
    def locked_elsewhere(path: Path) -> Iterator[bool]:
        """Whether a process that lives holds the file's lock, or might; where none does, it is held for the block."""
        try:
            # Network file systems lock only what is open for writing.
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            yield True
            return
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Its writer, or another run, may just have renamed it.
                free = os.path.samestat(path.stat(), os.fstat(descriptor))
            except OSError:
                free = False
            yield not free
        finally:
            os.close(descriptor)
