"""Files that lie elsewhere (s3://, gs://, ...), through fsspec; the only file that needs it."""

import hashlib
import importlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from deeplab_cv.batch.work import FORMS, Identity, Output
from deeplab_cv.errors import MissingSourceError, SinkError, SourceError, UsageError
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.machine.urls import is_url, without_secrets
from deeplab_cv.sinks.landing import cannot_write

_log = logging.getLogger(__name__)

_TRIES = 5
_FIRST_WAIT_S = 0.5
"""Before a second try; twice as long before each further one."""

_PUBLISHED_EVERY_S = 5.0
"""What is noted of a job lies elsewhere too after this time at the latest."""

_GLOB = frozenset("*?[")

Answer = TypeVar("Answer")


def is_remote(text: str) -> bool:
    """A text names something by a protocol, and not a file of this machine."""
    return is_url(text) and not text.startswith("file://")


def without_protocol(text: str) -> str:
    """The path that a file:// URL stands for; any other text as it is."""
    return text.removeprefix("file://") if text.startswith("file://") else text


class FileSystem:
    """What lies behind the URLs of one protocol; each question is asked again where the answer is an error."""

    def __init__(self, url: str) -> None:
        """Raises UsageError where fsspec, or what the protocol needs besides, is not installed."""
        try:
            fsspec = importlib.import_module("fsspec.core")
        except ImportError as error:
            raise UsageError("fsspec, which URLs need, is not installed", error, how_to_install("batch")) from error
        protocol = url.partition("://")[0]
        try:
            self._system, self.path = fsspec.url_to_fs(url)
        except ImportError as error:
            wheel = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}.get(protocol, "")
            remedy = f"pip install {wheel}" if wheel else str(error)
            raise UsageError(f"what {protocol}:// needs is not installed", error, remedy) from error
        except ValueError as error:
            raise UsageError(
                "nobody knows this protocol", without_secrets(url), "use s3://, gs:// or a path"
            ) from error

    def ask(self, question: Callable[[Any], Answer]) -> Answer:
        """What the file system answers. Raises FileNotFoundError, or what the last of several tries raised."""
        wait_s = _FIRST_WAIT_S
        for _ in range(_TRIES - 1):
            try:
                return question(self._system)
            except (FileNotFoundError, PermissionError, UsageError, NotADirectoryError, IsADirectoryError):
                raise
            except Exception as error:
                _log.debug("asked again: %s", error)
                time.sleep(wait_s)
                wait_s *= 2
        return question(self._system)

    def files(self, path: str) -> list[str]:
        """Every file at or below a path, or that a glob matches."""
        if _GLOB.intersection(path):
            found = self.ask(lambda system: system.glob(path, detail=True))
        else:
            found = self.ask(lambda system: system.find(path, detail=True))
        return sorted(name for name, facts in found.items() if facts["type"] == "file")

    def url(self, path: str) -> str:
        """The URL of a path."""
        return str(self._system.unstrip_protocol(path))


@dataclass(frozen=True)
class RemoteFile:
    """A file that lies elsewhere: its URL, and its name below the folder or the glob that was asked for."""

    url: str
    name: str


def remote_files(url: str) -> list[RemoteFile]:
    """Every file behind a URL. Raises SourceError where there is none, UsageError where fsspec is missing."""
    with _told_of(url):
        system = FileSystem(url)
        found = system.files(system.path)
    if not found:
        raise MissingSourceError("no such file or folder", without_secrets(url), "check the URL")
    parts = PurePosixPath(system.path).parts
    fixed = PurePosixPath(*takewhile(lambda part: not _GLOB.intersection(part), parts))
    top = fixed.parent if found == [str(fixed)] else fixed
    return [RemoteFile(system.url(name), str(PurePosixPath(name).relative_to(top))) for name in found]


def remote_identity(url: str) -> Identity:
    """By what a file that lies elsewhere is known again. Raises SourceError."""
    with _told_of(url):
        system = FileSystem(url)
        facts = system.ask(lambda each: each.info(system.path))
    words = (facts.get(key) for key in ("ETag", "etag", "md5Hash", "LastModified", "mtime", "created"))
    version = next((word for word in words if word is not None), "")
    return Identity(int(facts.get("size") or 0), str(version).strip('"'))


@contextmanager
def fetched(url: str, folder: Path) -> Iterator[Path]:
    """A copy of a file that lies elsewhere, in a folder, for as long as the block runs.

    Raises SourceError, also where the block does: what is wrong with the copy is said of the file itself.
    """
    system = FileSystem(url)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"input{PurePosixPath(system.path).suffix}"
    with _told_of(url):
        system.ask(lambda each: each.get_file(system.path, str(copy)))
    try:
        yield copy
    except SourceError as error:
        raise type(error)(error.what, without_secrets(url), error.remedy, cause=error.cause) from error
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _told_of(url: str) -> Iterator[None]:
    """Every error of a file system in one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingSourceError("no such file", without_secrets(url), "check the URL") from error
    except (UsageError, SourceError):
        raise
    except Exception as error:
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        remedy = "check the URL, your rights and the network"
        raise SourceError("cannot read the file", without_secrets(url), remedy, cause=cause) from error


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

    def land(self, staged: Path, path: str, *, replaces: bool) -> None:
        """Upload a file, or a folder of them, and delete it here.

        Args:
            staged: the file; where it is gone, it has been uploaded already.
            path: below the folder.
            replaces: what lies there was made by this job.

        Raises:
            SinkError: something else lies there, or it cannot be uploaded.
        """
        target = f"{self._root}/{path}"
        if not staged.exists():
            return
        with self._upload_told_of(path):
            if not replaces and self._system.ask(lambda each: each.exists(target)):
                raise SinkError("this was here before, and not by this job", path, "move it, or name another --to")
            if not staged.is_dir():
                self._upload(staged, target)
                staged.unlink()
                return
            if replaces and self._system.ask(lambda each: each.exists(target)):
                self._system.ask(lambda each: each.rm(target, recursive=True))
            for file in sorted(staged.iterdir()):
                self._upload(file, f"{target}/{file.name}")
            shutil.rmtree(staged)

    def _upload(self, file: Path, target: str) -> None:
        self._system.ask(lambda each: each.put_file(str(file), target))

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
