"""Where an output lands: checked before anything is opened, written beside its place, named when it is whole."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.frames.frame import Frame
from deeplab_cv.machine.files import whole_file

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def check_output(path: Path, inputs: Iterable[Path]) -> None:
    """See that a file can be written at `path` without harm to any of `inputs`, links of both kinds followed.

    Raises UsageError where path is a folder or one of the inputs, SinkError where its folder is missing or refuses.
    """
    if path.is_dir():
        raise UsageError("the output is a folder", path, "give the name of a file in it")
    for original in inputs:
        refuse_original(path, original)
    if not path.parent.is_dir():
        raise SinkError("no such folder to write in", path.parent, "make it first, or name another")
    _probe(path.parent)


def check_output_folder(folder: Path) -> None:
    """See that files can be made in `folder`, or that it can be made itself. Raises UsageError or SinkError."""
    if folder.exists() and not folder.is_dir():
        raise UsageError("this is a file where a folder is needed", folder, "name a folder")
    while not folder.is_dir():
        folder = folder.parent
    _probe(folder)


def refuse_original(path: Path, original: Path) -> None:
    """Raises UsageError where the output is the input."""
    if _same_file(path, original):
        raise UsageError("the output is the input itself", path, "give the output another name")


def _probe(folder: Path) -> None:
    # Access bits say too little: read-only mounts do not ask them, nor does the superuser.
    probe = folder / f".writable-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file under a temporary name, then rename it. Raises SinkError; then nothing of it is left."""
    try:
        with whole_file(path, to_disk=False) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: Exception) -> SinkError:
    """The error for the user when the system or FFmpeg refuses to write."""
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    if number in _NO_SPACE:
        return SinkError("the disk is full", path, "free some space, or write to another disk")
    if number in _NOT_ALLOWED:
        return SinkError("not allowed to write", path, "choose a folder you may write to")
    return SinkError("cannot write", path, "choose another name or folder", cause=reason)


class FrameFiles:
    """The file of each frame in a folder: the picture's own name, or the frame's number for video.

    No two frames get one name, and no file that lies among the originals is written over.
    """

    def __init__(self, folder: Path, suffix: str, frame_count: int | None) -> None:
        self._folder = folder
        self._suffix = suffix
        self._digits = max(6, len(str((frame_count or 1) - 1)))
        self._given: set[str] = set()

    def path_for(self, frame: Frame) -> Path:
        """A name not given before, in the folder, which is made for the first.

        Raises SinkError where the folder cannot be made or the file would take the place of an original.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        if not frame.name:
            return self._folder / f"{frame.index:0{self._digits}d}{self._suffix}"
        original = Path(frame.name)
        stem, number = original.stem, 1
        # Some file systems take Dog.png and dog.png for one file.
        while stem.casefold() in self._given:
            number += 1
            stem = f"{original.stem}-{number}"
        self._given.add(stem.casefold())
        path = self._folder / f"{stem}{self._suffix}"
        if path.exists() and _same_file(self._folder, original.parent):
            raise SinkError("would write over a file beside the originals", path, "choose another folder")
        return path


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
