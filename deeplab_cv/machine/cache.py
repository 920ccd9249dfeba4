"""Files that this program keeps for its next start, in the user's cache: a luxury that no run depends on.

Where the user has no cache, or one that cannot be written, what a run needs goes to a private folder that ends with it.
"""

import atexit
import contextlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from deeplab_cv.errors import UserError, as_typed
from deeplab_cv.machine import interrupts
from deeplab_cv.machine.files import whole_file
from deeplab_cv.machine.leftovers import discard_drafts_left_in

_log = logging.getLogger(__name__)


class _Private:
    """Of this process.

    Attributes:
        folder: where files go that the user's cache does not take; None while none had to.
    """

    folder: Path | None = None


_private = _Private()
_making = threading.Lock()


def kept_folder(name: str) -> Path | None:
    """A folder in the user's cache, made when it is missing; None where it cannot be had. It may be read-only."""
    try:
        return _made_folder(name)
    except OSError:
        return None


def cache_folder(name: str) -> Path:
    """A folder that can be written, made when it is missing: in the user's cache, else in the private one.

    Raises UserError where there is neither.
    """
    from tempfile import TemporaryFile

    try:
        folder = _made_folder(name)
        # The rights alone do not tell: file systems are read-only for root as well.
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        return _private_folder(name, error)


def kept_files(name: str, pattern: str) -> list[Path]:
    """The ordinary files of a folder, as far as there are any, by name; not those that are still being written."""
    private = _private.folder and _private.folder / name
    folders = [folder for folder in (_user_folder(name), private) if folder is not None]
    return sorted(path for folder in folders for path in folder.glob(pattern) if path.name[0] != "." and path.is_file())


def write_cached(name: str, file_name: str, write: Callable[[Path], object]) -> Path:
    """Write a file, whole or not at all, to the user's cache, else to the private folder.

    Args:
        name: the folder's.
        file_name: the file's.
        write: writes it under the name that it is given.

    Raises:
        UserError: it cannot be written anywhere.
    """
    try:
        return _whole(_made_folder(name) / file_name, write)
    except OSError as error:
        folder = _private_folder(name, error)
    try:
        return _whole(folder / file_name, write)
    except OSError as error:
        remedy = "make room there, or name another folder with TMPDIR"
        raise UserError("a file that the run needs cannot be written", folder, remedy, cause=_reason(error)) from error


def keep(name: str, file_name: str, write: Callable[[Path], object]) -> None:
    """Write a file that only later starts gain from, as `write_cached` does, or not at all."""
    with contextlib.suppress(OSError):
        _whole(_made_folder(name) / file_name, write)


def lend_folder(variable: str, name: str) -> None:
    """Let a package keep its files in a folder of this cache, by a variable of its own; what the user has set stays.

    To be called before the package is imported.
    """
    if (folder := _user_folder(name)) is not None:
        os.environ.setdefault(variable, str(folder))


def _whole(path: Path, write: Callable[[Path], object]) -> Path:
    with whole_file(path) as temporary:
        write(temporary)
    return path


def _made_folder(name: str) -> Path:
    """A folder of the user's cache, without what killed runs left in it. Raises OSError where it cannot be had."""
    path = _user_folder(name)
    if path is None:
        raise OSError("none to be found")
    path.mkdir(parents=True, exist_ok=True)
    discard_drafts_left_in(path)
    return path


def _user_folder(name: str) -> Path | None:
    from platformdirs import user_cache_path

    try:
        path = user_cache_path("deeplab-cv")
    except (RuntimeError, KeyError, OSError):
        # Neither HOME nor an entry in the list of users, as in a container that is run under a number.
        return None
    return None if path.parts[0].startswith("~") else path / name


def _private_folder(name: str, reason: OSError) -> Path:
    import shutil
    import tempfile

    try:
        with _making:
            if _private.folder is None:
                with interrupts.being_made:
                    folder = Path(tempfile.mkdtemp(prefix="deeplab-cv-"))
                    interrupts.leftovers.add(str(folder))
                atexit.register(shutil.rmtree, folder, ignore_errors=True)
                _private.folder = folder
                kept = _user_folder("")
                place = as_typed(kept) if kept else "this user has no home"
                _log.warning("the cache cannot be written: %s (%s); starting takes longer", place, _reason(reason))
        path = _private.folder / name
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "name another one with TMPDIR"
        raise UserError("no folder can be made", "for temporary files", remedy, cause=_reason(error)) from error
    return path


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
