"""Hashes beside files that others write into the user's cache, since a power cut leaves files of any content."""

import contextlib
from pathlib import Path

from deeplab_cv.machine.files import discard, file_hash, read_ordinary, whole_file

_ENDING = ".sha256"
_LENGTH = 64


def drop_damaged(folder: Path) -> bool:
    """Delete every file that is not the one whose hash was noted; whether all that is left is whole."""
    whole = True
    for path in _files(folder):
        if not _is_whole(path):
            discard(path)
            discard(_note(path))
            whole = whole and not path.exists()
    return whole


def note_sums(folder: Path) -> None:
    """Note the hash of every file that has none, as far as the folder can be written."""
    for path in _files(folder):
        note = _note(path)
        if not note.exists():
            with contextlib.suppress(OSError), whole_file(note) as temporary:
                temporary.write_text(file_hash(path), encoding="ascii")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and path.suffix != _ENDING]


def _is_whole(path: Path) -> bool:
    try:
        return read_ordinary(_note(path), most=_LENGTH) == file_hash(path).encode()
    except (OSError, ValueError):
        return False


def _note(path: Path) -> Path:
    return path.with_name(path.name + _ENDING)
