"""Files that lie elsewhere (s3://, gs://, ...), through fsspec; the only module that needs it."""

import importlib
import inspect
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from deeplab_cv.batch.work import Identity
from deeplab_cv.errors import MissingSourceError, SourceError, UsageError
from deeplab_cv.machine.files import nothing
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.machine.urls import is_url, without_secrets

_log = logging.getLogger(__name__)

_TRIES = 5
_FIRST_WAIT_S = 0.5
"""Before a second try; twice as long before each further one."""

_PIECE = 5 << 20
"""Bytes that are uploaded at once where a file system can do so: the least that S3 takes as a part of a file."""

_GLOB = frozenset("*?[")

Answer = TypeVar("Answer")


def is_remote(text: str) -> bool:
    """A text names something by a protocol, and not a file of this machine."""
    return is_url(text) and not text.startswith("file://")


def without_protocol(text: str) -> str:
    """The path that a file:// URL stands for; any other text as it is."""
    return text.removeprefix("file://") if text.startswith("file://") else text


class FileSystem:
    """What lies behind the URLs of one protocol; each question is asked again where the answer is an error.

    Attributes:
        path: what the URL names.
        stop: once it is set, a question is asked once only.
    """

    def __init__(self, url: str) -> None:
        """Raises UsageError where fsspec, or what the protocol needs besides, is not installed."""
        try:
            fsspec = importlib.import_module("fsspec.core")
        except ImportError as error:
            raise UsageError("fsspec, which URLs need, is not installed", error, how_to_install("batch")) from error
        protocol = url.partition("://")[0]
        self.stop = threading.Event()
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

    def ask(self, question: Callable[[Any], Answer], beat: Callable[[], None] = nothing) -> Answer:
        """What the file system answers.

        Args:
            question: what is asked.
            beat: called before it is asked again.

        Raises FileNotFoundError, or what the last of several tries raised.
        """
        wait_s = _FIRST_WAIT_S
        for _ in range(_TRIES - 1):
            if self.stop.is_set():
                break
            try:
                return question(self._system)
            except (FileNotFoundError, PermissionError, UsageError, NotADirectoryError, IsADirectoryError):
                raise
            except Exception as error:
                _log.debug("asked again: %s", error)
                self.stop.wait(wait_s)
                wait_s *= 2
                beat()
        return question(self._system)

    def download(self, path: str, copy: Path, beat: Callable[[], None] = nothing) -> None:
        """Copy a file to this machine; `beat` is called as its bytes come. Raises as `ask`."""
        # Several ranges at once would come as a whole each, and nothing would be heard until then.
        how = self._how("get_file", beat, max_concurrency=1)
        self.ask(lambda system: system.get_file(path, str(copy), **how), beat)

    def upload(self, file: Path, path: str, beat: Callable[[], None] = nothing) -> None:
        """Copy a file of this machine there, as a whole or not at all; `beat` is called as its bytes go.

        Raises as `ask`.
        """
        how = self._how("put_file", beat, max_concurrency=1, chunksize=_PIECE)
        self.ask(lambda system: system.put_file(str(file), path, **how), beat)

    def _how(self, method: str, beat: Callable[[], None], **wishes: int) -> dict[str, Any]:
        """Arguments with which a file system copies piece by piece, and says so after each."""
        callback = importlib.import_module("fsspec.callbacks").Callback(hooks={"beat": lambda *_, **__: beat()})
        known = inspect.signature(getattr(self._system, method)).parameters
        return {"callback": callback} | {name: value for name, value in wishes.items() if name in known}

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
    """Every file behind a URL, hidden ones left out unless it asks for them.

    Raises SourceError where there is none, UsageError where fsspec is missing.
    """
    with _told_of(url):
        system = FileSystem(url)
        found = system.files(system.path)
    if not found:
        raise MissingSourceError("no such file or folder", without_secrets(url), "check the URL")
    parts = PurePosixPath(system.path).parts
    fixed = PurePosixPath(*takewhile(lambda part: not _GLOB.intersection(part), parts))
    is_file = found == [str(fixed)]
    names = {path: PurePosixPath(path).relative_to(fixed.parent if is_file else fixed) for path in found}
    if not is_file and not _is_hidden(parts[len(fixed.parts) :]):
        names = {path: name for path, name in names.items() if not _is_hidden(name.parts)}
    return [RemoteFile(system.url(path), str(name)) for path, name in names.items()]


def _is_hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith(".") for part in parts)


def remote_identity(url: str, beat: Callable[[], None] = nothing) -> Identity:
    """By what a file that lies elsewhere is known again; `beat` as in `ask`. Raises SourceError."""
    with _told_of(url):
        system = FileSystem(url)
        facts = system.ask(lambda each: each.info(system.path), beat)
    words = (facts.get(key) for key in ("ETag", "etag", "md5Hash", "LastModified", "mtime", "created"))
    version = next((word for word in words if word is not None), "")
    return Identity(int(facts.get("size") or 0), str(version).strip('"'))


@contextmanager
def fetched(url: str, folder: Path, beat: Callable[[], None] = nothing) -> Iterator[Path]:
    """A copy of a file that lies elsewhere, in a folder, for as long as the block runs; `beat` as in `download`.

    Raises SourceError, also where the block does: what is wrong with the copy is said of the file itself.
    """
    system = FileSystem(url)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"input{PurePosixPath(system.path).suffix}"
    with _told_of(url):
        system.download(system.path, copy, beat)
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
