"""A folder that lies elsewhere as the place of a job's outputs and records."""

import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deeplab_cv.batch.remote import FileSystem
from deeplab_cv.batch.work import FORMS, Output
from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.machine.files import nothing
from deeplab_cv.machine.urls import without_secrets
from deeplab_cv.sinks.landing import cannot_write

_PUBLISHED_EVERY_S = 5.0
"""What is noted of a job lies elsewhere too after this time at the latest."""


class RemotePlace:
    """A folder that lies elsewhere. Outputs are made here and uploaded; each object is there as a whole or not at all.

    Attributes:
        text: as it is shown.
        local: the folder of this machine in which outputs and notes are made.
        staging: where outputs are made.
        own_folders: where outputs go, and no inputs are looked for; URLs.
    """

    def __init__(self, url: str) -> None:
        """Raises UsageError where what the protocol needs is not installed."""
        self._system = FileSystem(url)
        self._root = self._system.path.rstrip("/")
        self._published_s = time.monotonic()
        self.text = without_secrets(url)
        self.local = Path(tempfile.gettempdir()) / f"deeplab-cv-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        self.staging = self.local / "unfinished"
        self.own_folders = [self._system.url(f"{self._root}/{form}") for form in FORMS]

    def prepare(self) -> None:
        """Make the folder of this machine. Raises SinkError."""
        try:
            self.staging.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.local, error) from error

    def ask_once_after(self, stop: threading.Event) -> None:
        """Once `stop` is set, no question is asked again where the other side does not answer."""
        self._system.stop = stop

    def land(self, staged: Path, path: str, *, replaces: bool, beat: Callable[[], None] = nothing) -> None:
        """Upload a file, or a folder of them, and delete it here.

        Args:
            staged: the file; where it is gone, it has been uploaded already.
            path: below the folder.
            replaces: what lies there was made by this job.
            beat: called as its bytes go.

        Raises:
            SinkError: something else lies there, or it cannot be uploaded.
        """
        target = f"{self._root}/{path}"
        if not staged.exists():
            return
        begun = staged.with_name(f"{staged.name}.begun")
        # What a killed run had uploaded of it is the job's own.
        replaces = replaces or begun.exists()
        with self._upload_told_of(path):
            if not replaces and self._system.ask(lambda each: each.exists(target), beat):
                raise SinkError("this was here before, and not by this job", path, "move it, or name another --to")
            begun.touch()
            if not staged.is_dir():
                self._system.upload(staged, target, beat)
                staged.unlink()
                return
            if replaces and self._system.ask(lambda each: each.exists(target), beat):
                self._system.ask(lambda each: each.rm(target, recursive=True), beat)
            for file in sorted(staged.iterdir()):
                self._system.upload(file, f"{target}/{file.name}", beat)
            shutil.rmtree(staged)

    def holds(self, output: Output) -> bool:
        """An output is still there, with all its bytes."""
        target = f"{self._root}/{output.path}"
        try:
            return self._system.ask(lambda each: int(each.du(target))) == output.size
        except Exception:
            # Whatever it is: the file is made anew.
            return False

    def note_try(self, name: str) -> int:
        """Note that something is begun; how often that was noted, for whoever dies over it. Raises SinkError."""
        tries = int(self.read(f".tried/{name}") or b"0") + 1
        self.write(f".tried/{name}", str(tries).encode())
        return tries

    def forget_tries(self, name: str) -> None:
        """It was done, whatever came of it. Raises SinkError."""
        with self._upload_told_of(name):
            self._system.ask(lambda each: each.rm_file(f"{self._root}/.tried/{name}"))

    def journal(self, name: str) -> Path:
        """A file of this machine to which lines are added: what lies elsewhere, and what did not get there before."""
        path = self.local / name
        before = self.read(name) or b""
        here = path.read_bytes() if path.exists() else b""
        known = set(before.splitlines())
        left = [line for line in here[: here.rfind(b"\n") + 1].splitlines() if line not in known]
        path.write_bytes(before + b"".join(line + b"\n" for line in left))
        return path

    def publish(self, name: str, *, now: bool = False) -> None:
        """Upload a journal, where that was some time ago or is to be done now. Raises SinkError."""
        if now or time.monotonic() - self._published_s >= _PUBLISHED_EVERY_S:
            self.write(name, (self.local / name).read_bytes())
            self._published_s = time.monotonic()

    def read(self, name: str) -> bytes | None:
        """A file of the job's own; None where there is none. Raises SinkError."""
        with self._upload_told_of(name):
            try:
                return bytes(self._system.ask(lambda each: each.cat_file(f"{self._root}/{name}")))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the job's own, whole or not at all. Raises SinkError."""
        with self._upload_told_of(name):
            self._system.ask(lambda each: each.pipe_file(f"{self._root}/{name}", data))

    @contextmanager
    def _upload_told_of(self, name: str) -> Iterator[None]:
        try:
            yield
        except (SinkError, UsageError):
            raise
        except Exception as error:
            cause = " ".join(str(error).split())[:200] or type(error).__name__
            where = f"{self.text}/{name}"
            raise SinkError(
                "cannot read or write there", where, "check your rights and the network", cause=cause
            ) from error
