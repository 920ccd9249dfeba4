"""Files that are written whole or not at all, and files of others that are read with care."""

import codecs
import contextlib
import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deeplab_cv.machine import interrupts
from deeplab_cv.machine.locks import lock

_LONGEST_STEM = 40
"""Characters of a file's own name that its hidden name keeps: file systems allow 255 bytes in all."""

_POWER_CUT_COSTS_S = 1.0
"""At most so much of what is written step by step is not on the disk yet."""

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says of a full disk, of a used up share of it, and of a file that may not grow."""


def nothing() -> None:
    """What is called where nobody wants to hear how work goes on."""


@contextmanager
def whole_file(path: Path, *, to_disk: bool = True) -> Iterator[Path]:
    """Write a file so that `path` is always the old file or the whole new one, whoever writes it at the same time.

    Gives an empty file of a hidden name in the same folder, with the same extension, which is renamed to `path` when it
    is written. Where anything fails, it is deleted and `path` stays as it was.

    Args:
        path: where the file shall be; its folder is there. A link stays a link, and what it points to is written.
        to_disk: wait until the file lies on the disk, so that it is whole after a power cut too. That took 7 to 13 ms
            where writing a picture took 0.5 ms (seen), so that files made for every frame do without.

    Raises:
        OSError: the file cannot be made, written to the disk or renamed.
    """
    with interrupts.being_made:
        draft = Draft(path)
        interrupts.leftovers.add(str(draft.path))
    try:
        yield draft.path
        draft.land(to_disk=to_disk)
    except BaseException:
        draft.discard()
        raise
    finally:
        interrupts.leftovers.discard(str(draft.path))


@contextmanager
def private_folder(within: Path | None = None) -> Iterator[Path]:
    """A new folder that is deleted with all in it after the block, also where the process is ended round it.

    Args:
        within: where it is made; None for where the system keeps what is temporary.
    """
    from tempfile import TemporaryDirectory

    with interrupts.being_made:
        folder = TemporaryDirectory(prefix="deeplab-cv-", dir=within)
        interrupts.leftovers.add(folder.name)
    try:
        with folder as name:
            yield Path(name)
    finally:
        interrupts.leftovers.discard(folder.name)


class Draft:
    """A file while it is written: under a hidden name beside its place, locked for as long as its writer lives.

    The lock ends with the process, however that ends, and so says which drafts nobody writes any more.

    Attributes:
        place: where the file shall be; of a link, what it points to.
        path: the hidden name, with the same extension, by which writers choose the format.
        descriptor: the open file, for who does not write it by its name.
    """

    def __init__(self, path: Path) -> None:
        """Make the empty file. Raises OSError."""
        self.place = behind_links(path)
        self.path, self.descriptor = _locked_file(self.place)
        self._open = True
        self._on_disk_s = time.monotonic()

    def keep_on_disk(self) -> None:
        """Once a second, bring what is written so far to the disk. Raises OSError."""
        if time.monotonic() - self._on_disk_s >= _POWER_CUT_COSTS_S:
            os.fsync(self.descriptor)
            self._on_disk_s = time.monotonic()

    def land(self, *, to_disk: bool = True) -> None:
        """Give the file its place, with `to_disk` once it lies on the disk. Raises OSError; then the draft is there."""
        self._land_at(self.place, to_disk=to_disk)

    def keep(self) -> Path | None:
        """Name the file NAME.partial.EXT; returns where it is, None where it cannot be renamed and was deleted."""
        kept = partial(self.place)
        try:
            # A full disk may refuse this, and what reached it is kept all the same.
            with contextlib.suppress(OSError):
                os.fsync(self.descriptor)
            self._land_at(kept, to_disk=False)
        except OSError:
            self.discard()
            return None
        _keep_name(kept.parent)
        return kept

    def discard(self) -> None:
        """Delete the file, where it is still a draft."""
        self._close()
        discard(self.path)

    def _land_at(self, place: Path, *, to_disk: bool) -> None:
        if to_disk:
            # By its name: a writer may have put another file in place of the empty one.
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
        if os.name == "nt":
            # Windows renames no file that is open; elsewhere it stays locked until it has its name.
            self._close()
        self.path.replace(place)
        self._close()
        if to_disk:
            _keep_name(place.parent)

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self.descriptor)


def behind_links(path: Path) -> Path:
    """What a link points to, which may be missing; any other path as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _locked_file(place: Path) -> tuple[Path, int]:
    while True:
        path = unfinished(place)
        # Not `tempfile`, whose files nobody but their maker may read.
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666)
        lock(descriptor)
        # A run that clears up what others left may have come between the two lines.
        with contextlib.suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return path, descriptor
        os.close(descriptor)


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


def text_of(data: bytes) -> str:
    """A text file's content, whichever editor or shell wrote it: UTF-8 or, as PowerShell's `>` writes, UTF-16.

    Raises ValueError if it is neither.
    """
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if marked else "utf-8-sig")


def file_hash(path: Path, progress: Callable[[], None] = nothing) -> str:
    """The sha256 of a file, in hexadecimal; `progress` is called after each MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            progress()
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
        if not os.path.lexists(candidate):
            return candidate
        number += 1


def discard(path: Path) -> None:
    """Delete a file if it is there; a file that cannot be deleted is left, since the reason to do so came first."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
