"""The outputs of one file while they are made: beside their places, and landed together once all are whole.

A folder of the file's own holds them, and last of all a note of where they belong. So a killed run leaves either what
is worth nothing or what only has to be moved, and nothing that was whole is worked on again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from deeplab_cv.batch.places import Place, hash_of
from deeplab_cv.batch.records import line_of, record_of
from deeplab_cv.batch.work import DoneRecord, Output
from deeplab_cv.errors import SinkError, UserError
from deeplab_cv.machine.files import nothing

_NOTE = "whole.json"
_PARTS_NOTE = "parts.json"


def staged_folder(place: Place, file: str) -> Path:
    """The folder in which the outputs of a file are made."""
    return place.staging / hashlib.sha256(os.fsencode(file)).hexdigest()[:24]


def begin(folder: Path) -> None:
    """Make the folder, empty. Raises OSError."""
    discard_folder(folder)
    folder.mkdir(parents=True)


def output_of(staged: Path, path: str, beat: Callable[[], None] = nothing) -> Output:
    """What was made, by its bytes: a file or a folder of them; `beat` is called as it is read. Raises OSError."""
    files = staged.iterdir() if staged.is_dir() else [staged]
    return Output(path, sum(file.stat().st_size for file in files), hash_of(staged, beat))


def begin_parts(folder: Path, facts: dict[str, Any]) -> None:
    """Make the folder of a file that is worked on in parts; those that an earlier run made whole stay. Raises OSError.

    Args:
        folder: of the file's outputs.
        facts: all that the parts depend on; of others nothing stays.
    """
    note, text = folder / _PARTS_NOTE, json.dumps(facts)
    if not note.is_file() or note.read_text(encoding="ascii", errors="replace") != text:
        begin(folder)
        note.write_text(text, encoding="ascii")


def part_folder(folder: Path, number: int) -> Path:
    """The folder in which the outputs of a part are made."""
    return folder / f"part-{number:04d}"


def note_part(folder: Path, seconds: float) -> None:
    """A part is whole; it took so long. Raises OSError."""
    temporary = folder / f"{_NOTE}.part"
    temporary.write_text(json.dumps(seconds), encoding="ascii")
    temporary.replace(folder / _NOTE)


def seconds_of_part(folder: Path) -> float:
    """How long a part took that is whole."""
    return float(_note_in(folder))


def note_whole(folder: Path, record: DoneRecord, made: dict[str, str], own: tuple[str, ...]) -> None:
    """All outputs of a file are whole: say where each of them belongs. Raises OSError.

    Args:
        folder: of the file's outputs.
        record: what came of it.
        made: a name in the folder -> its path below the job's folder.
        own: paths that may be replaced.
    """
    note = {"record": line_of(record), "made": made, "own": own}
    temporary = folder / f"{_NOTE}.part"
    temporary.write_text(json.dumps(note), encoding="ascii")
    temporary.replace(folder / _NOTE)


def is_whole(folder: Path) -> bool:
    """All outputs of a file are whole, and only have to be given their places."""
    return _note_in(folder) is not None


def _note_in(folder: Path) -> Any:
    """What is noted of whole outputs; None where there is no such note, or a power cut has left only its name."""
    try:
        return json.loads((folder / _NOTE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def land(place: Place, folder: Path, beat: Callable[[], None] = nothing) -> DoneRecord:
    """Give the outputs in a folder their places; what came of the file. May be done again where it was broken off.

    Args:
        place: the job's folder.
        folder: where the outputs were made.
        beat: called as their bytes move.
    """
    note = _note_in(folder)
    record = record_of(note["record"])
    try:
        for name, path in note["made"].items():
            place.land(folder / name, path, replaces=path in note["own"], beat=beat)
    except UserError as error:
        return replace(record, outputs=(), stage="write", reason=str(error))
    return record


def land_what_is_left(place: Place) -> Iterator[DoneRecord]:
    """Land what a killed run had whole, one file after another, and delete what it had not. Raises SinkError.

    The parts of a long video stay: what is whole of them is not made again.
    """
    try:
        folders = sorted(place.staging.iterdir())
    except OSError as error:
        raise SinkError("cannot look at what an earlier run left", place.staging, str(error.strerror)) from error
    for folder in folders:
        if is_whole(folder):
            yield land(place, folder)
        elif (folder / _PARTS_NOTE).is_file():
            continue
        if folder.is_dir():
            discard_folder(folder)
        else:
            # How often something was begun by workers that are no more.
            folder.unlink()


def discard_folder(folder: Path) -> None:
    """Delete a folder with all in it, where it is there."""
    shutil.rmtree(folder, ignore_errors=True)
