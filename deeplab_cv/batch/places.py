"""Where the outputs and the records of a job lie: a folder of this machine, or one elsewhere."""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from deeplab_cv.batch.remote import is_remote, without_protocol
from deeplab_cv.batch.remote_place import RemotePlace
from deeplab_cv.batch.work import FORMS, Output
from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.machine.files import file_hash, nothing, whole_file
from deeplab_cv.sinks.landing import cannot_write


class FolderPlace:
    """A folder on a disk.

    Attributes:
        text: as it is shown.
        local: the folder itself.
        staging: where outputs are made before they have their place; renaming from there is one step.
        own_folders: where outputs go, and no inputs are looked for.
    """

    def __init__(self, folder: Path) -> None:
        self.text = str(folder)
        self.local = folder
        self.staging = folder / ".unfinished"
        self.own_folders = [str(folder / form) for form in FORMS] + [str(self.staging)]

    def prepare(self) -> None:
        """Make the folder. Raises SinkError."""
        try:
            self.staging.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.local, error) from error

    def ask_once_after(self, stop: threading.Event) -> None:
        """A disk is asked once anyway."""

    def land(self, staged: Path, path: str, *, replaces: bool, beat: Callable[[], None] = nothing) -> None:
        """Give a file, or a folder of them, its place.

        Args:
            staged: the file; where it is gone, it has its place already.
            path: below the folder.
            replaces: what lies there was made by this job.
            beat: called while what lies there is read, to see whether it is the same.

        Raises:
            SinkError: something else lies there, or the system refuses.
        """
        place = self.local / path
        try:
            if not os.path.lexists(staged):
                return
            if os.path.lexists(place):
                # What is the same to the last byte may be of this job, whose record of it is lost.
                if not replaces and hash_of(place, beat) != hash_of(staged, beat):
                    raise SinkError("this was here before, and not by this job", place, "move it, or name another --to")
                if place.is_dir():
                    shutil.rmtree(place)
            place.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(place)
        except OSError as error:
            raise cannot_write(place, error) from error

    def holds(self, output: Output) -> bool:
        """An output is still there, with all its bytes."""
        place = self.local / output.path
        try:
            if place.is_dir():
                return sum(entry.stat().st_size for entry in os.scandir(place)) == output.size
            return place.stat().st_size == output.size
        except OSError:
            return False

    def note_try(self, name: str) -> int:
        """Note that something is begun; how often that was noted, for whoever dies over it. Raises SinkError."""
        tries = len(list(self.staging.glob(f"tried-{name}-*"))) + 1
        try:
            (self.staging / f"tried-{name}-{tries}").touch()
        except OSError as error:
            raise cannot_write(self.staging, error) from error
        return tries

    def forget_tries(self, name: str) -> None:
        """It was done, whatever came of it."""
        for note in self.staging.glob(f"tried-{name}-*"):
            note.unlink(missing_ok=True)

    def journal(self, name: str) -> Path:
        """A file to which lines are added."""
        return self.local / name

    def publish(self, name: str, *, now: bool = False) -> None:
        """The journal lies where it belongs."""

    def read(self, name: str) -> bytes | None:
        """A file of the job's own; None where there is none. Raises SinkError."""
        try:
            return (self.local / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SinkError("cannot read what an earlier run noted", self.local / name, str(error.strerror)) from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the job's own, whole or not at all. Raises SinkError."""
        path = self.local / name
        try:
            with whole_file(path) as temporary:
                temporary.write_bytes(data)
        except OSError as error:
            raise cannot_write(path, error) from error


def hash_of(output: Path, beat: Callable[[], None] = nothing) -> str:
    """Of a file, or of a folder by its files' names and hashes; `beat` is called as it is read. Raises OSError."""
    if not output.is_dir():
        return file_hash(output, beat)
    digest = hashlib.sha256()
    for file in sorted(output.iterdir()):
        digest.update(f"{file.name} {file_hash(file, beat)}\n".encode())
    return digest.hexdigest()


Place = FolderPlace | RemotePlace


def place_of(text: str) -> Place:
    """The place that a path or a URL names.

    Raises UsageError where it is empty, or what its protocol needs is not installed.
    """
    if is_remote(text):
        return RemotePlace(text)
    if not text:
        raise UsageError("the folder for outputs has no name", "--to", "name one; `.` is the one you are in")
    return FolderPlace(Path(os.path.normpath(Path(without_protocol(text)).absolute())))
