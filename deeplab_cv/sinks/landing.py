"""Where an output lands: checked before anything is opened, written beside its place, named when it is whole."""

import errno
import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from deeplab_cv.errors import SinkError, UsageError, as_typed
from deeplab_cv.frames.frame import Frame
from deeplab_cv.machine.files import NO_SPACE, behind_links, whole_file

_log = logging.getLogger(__name__)

_DEVICES = Path("/dev")
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def check_output(path: Path, inputs: Iterable[Path]) -> None:
    """See that a file can be written at `path` without harm to any of `inputs`, links of both kinds followed.

    Raises UsageError where path is a folder, a device, a pipe or one of the inputs, SinkError where its folder is
    missing or refuses.
    """
    if path.is_dir():
        raise UsageError("the output is a folder", path, "give the name of a file in it")
    if not _may_be_replaced(path):
        raise UsageError("the output is a device or a pipe, and no file", path, "give the name of a file")
    for original in inputs:
        refuse_original(path, original)
    folder = behind_links(path).parent
    if not folder.is_dir():
        raise SinkError("no such folder to write in", folder, "make it first, or name another")
    if folder.resolve() == _DEVICES:
        raise UsageError("this folder is for devices", path, "name another folder")
    _probe(folder)


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


def _may_be_replaced(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        # A link that leads back to itself; what else is wrong is found where it is written.
        return not path.is_symlink()


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
    if not _may_be_replaced(path):
        raise SinkError("a device or a pipe, and no file, has this name", path, "give another name")
    try:
        with whole_file(path, to_disk=False) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: Exception) -> SinkError:
    """The error for the user when the system or FFmpeg refuses to write."""
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    if number in NO_SPACE:
        return SinkError("the disk is full", path, "free some space, or write to another disk")
    if number in _NOT_ALLOWED:
        return SinkError("not allowed to write", path, "choose a folder you may write to")
    return SinkError("cannot write", path, "choose another name or folder", cause=reason)


class FrameFiles:
    """The file of each frame in a folder: the picture's own name, or the frame's number for video.

    No two frames get one name, and no file that lies among the originals is written over. Files that were in the
    folder before are told of, at the beginning and at the end.
    """

    def __init__(self, folder: Path, suffix: str, frame_count: int | None) -> None:
        self._folder = folder
        self._suffix = suffix
        self._digits = max(6, len(str((frame_count or 1) - 1)))
        self._given: set[str] = set()
        self._older = _names_in(folder, suffix)
        if self._older:
            what = f"{_counted(len(self._older), f'older {suffix} file')} already in it"
            _log.warning("%s: %s; those of the same names are replaced", as_typed(folder), what)

    @property
    def note(self) -> str:
        """How many older files are left among those of this run; empty for none."""
        return f"{_counted(len(self._older), 'older file')} still in the folder" if self._older else ""

    def path_for(self, frame: Frame) -> Path:
        """A name not given before, in the folder, which is made for the first.

        Raises SinkError where the folder cannot be made or the file would take the place of an original.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        path = self._folder / f"{self._stem_for(frame)}{self._suffix}"
        if frame.name and path.exists() and _same_file(self._folder, Path(frame.name).parent):
            raise SinkError("would write over a file beside the originals", path, "choose another folder")
        self._older.discard(path.name)
        return path

    def _stem_for(self, frame: Frame) -> str:
        if not frame.name:
            return f"{frame.index:0{self._digits}d}"
        original = Path(frame.name)
        stem, number = original.stem, 1
        # Some file systems take Dog.png and dog.png for one file.
        while stem.casefold() in self._given:
            number += 1
            stem = f"{original.stem}-{number}"
        self._given.add(stem.casefold())
        return stem


def _names_in(folder: Path, suffix: str) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if path.suffix == suffix and not path.name.startswith(".")}
    except OSError:
        return set()


def _counted(number: int, what: str) -> str:
    return f"{number} {what} is" if number == 1 else f"{number} {what}s are"


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
