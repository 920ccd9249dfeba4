"""Files, here or behind a URL; whether one here can be read at all, and the one line that says why not."""

import errno
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.errors import MissingSourceError, SourceError

if TYPE_CHECKING:
    from av.container import InputContainer


@dataclass(frozen=True)
class WebFile:
    """A video file behind a URL.

    Attributes:
        name: what the user is told, without secrets.
        opened: its first connection.
        open_again: makes another one; raises SourceError.
    """

    name: str
    opened: "InputContainer"
    open_again: "Callable[[], InputContainer]"

    def __str__(self) -> str:
        return self.name


def check_input(path: Path) -> None:
    """See that `path` is a file with something in it. Raises SourceError."""
    if is_folder(path):
        raise SourceError("this is a folder, not a file", path, "name a file in it; --image takes a folder of pictures")
    try:
        # Opening one would wait for its writer, and the byte that is read here would be missing later.
        if stat.S_ISFIFO(path.stat().st_mode) and path.parts[:2] != ("/", "dev"):
            raise SourceError("this is a pipe, not a file", path, "save what comes out of it as a file first")
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise cannot_read(path, error) from error
    if empty:
        raise SourceError("the file is empty", path, "copy or download it again")


def is_folder(path: Path) -> bool:
    """`path` is a folder, as far as one may look."""
    try:
        return path.is_dir()
    except OSError:
        return False


def exists(path: Path) -> bool:
    """There is something at `path`, as far as one may look."""
    try:
        return path.exists()
    except OSError:
        return False


def cannot_read(path: Path, error: OSError) -> SourceError:
    """The system's refusal to read `path`, in one line."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return MissingSourceError("no such file", path, "check the name and the folder you are in")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceError("not allowed to read the file", path, "give yourself the right to read it")
    reason = (error.strerror or str(error)).lower()
    return SourceError("cannot read the file", path, "copy it to another disk", cause=reason)
