"""Files that are written whole or not at all, and files of others that are read with care."""

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deeplab_cv.machine import interrupts

_LONGEST_STEM = 40
"""Characters of a file's own name that its hidden name keeps: file systems allow 255 bytes in all."""


@contextmanager
def whole_file(path: Path, *, to_disk: bool = True) -> Iterator[Path]:
    """Write a file so that `path` is always the old file or the whole new one, whoever writes it at the same time.

    Gives an empty file of a hidden name in the same folder, with the same extension, which is renamed to `path` when it
    is written. Where anything fails, it is deleted and `path` stays as it was.

    Args:
        path: where the file shall be; its folder is there.
        to_disk: wait until the file lies on the disk, so that it is whole after a power cut too. That took 7 to 13 ms
            where writing a picture took 0.5 ms (seen), so that files made for every frame do without.

    Raises:
        OSError: the file cannot be made, written to the disk or renamed.
    """
    temporary = unfinished(path)
    interrupts.leftovers.add(str(temporary))
    # Not `tempfile`, whose files nobody but their maker may read.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        if to_disk:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        discard(temporary)
        raise
    finally:
        interrupts.leftovers.discard(str(temporary))
    if to_disk:
        _keep_name(path.parent)


def read_ordinary(path: Path, *, most: int) -> bytes:
    """All bytes of an ordinary file: a pipe would be waited for, a device may never end.

    Args:
        path: the file, or a link to it.
        most: bytes that it may have.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no ordinary file, is larger, or no file can have such a name.
    """
    # Without O_NONBLOCK opening a pipe waits for its other end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no ordinary file")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return data


def file_hash(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _keep_name(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can: a new name is otherwise lost with the power."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def unfinished(path: Path) -> Path:
    """A hidden name, new each time, for a file while it is written: same folder, so that renaming is one step.

    It keeps the extension, by which writers choose the format.
    """
    return path.with_name(f".{path.stem[:_LONGEST_STEM]}.unfinished-{secrets.token_hex(6)}{path.suffix}")


def partial(path: Path) -> Path:
    """A free name for what a stopped job leaves: NAME.partial.EXT, or NAME.partial-2.EXT where that one is taken."""
    number = 1
    while True:
        mark = "partial" if number == 1 else f"partial-{number}"
        candidate = path.with_name(f"{path.stem}.{mark}{path.suffix}")
        if not candidate.exists():
            return candidate
        number += 1


def discard(path: Path) -> None:
    """Delete a file if it is there; a file that cannot be deleted is left, since the reason to do so came first."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
