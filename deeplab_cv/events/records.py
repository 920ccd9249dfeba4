"""What is known of a recording, in a JSON beside it; by these files the program knows its own recordings again."""

import contextlib
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from deeplab_cv.errors import SinkError
from deeplab_cv.machine.files import discard, read_ordinary
from deeplab_cv.sinks.landing import cannot_write, write_whole

_RECORDED_BY = "deeplab-cv"
_VIDEO, _PART, _RECORD = ".mp4", ".partial.mp4", ".json"
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class EventRecord:
    """What is known of a recording.

    Attributes:
        source: where its pictures came from, such as `camera 0`.
        when: the classes that it waited for; None where everything is recorded.
        start: when the class came, as a date with its time zone; of a recording of everything, its first picture.
        start_s: the same in seconds of the source: of a file's time, or since the first picture of a live one.
        file: the video's name, in the same folder.
        end: when it was seen last; None while it is recorded, and of a run that was killed.
        end_s: likewise.
        peak_share: the largest share of the picture that it filled, 0..1; None where everything is recorded.
        peak: when that was.
        by_hand: somebody asked for it.
        seconds: how long the video is.
        frames: how many pictures it has.
        whole: the video was written to its end.
        recorded_by: this program.
    """

    source: str
    when: str | None
    start: str
    start_s: float
    file: str = ""
    end: str | None = None
    end_s: float | None = None
    peak_share: float | None = None
    peak: str | None = None
    by_hand: bool = False
    seconds: float | None = None
    frames: int | None = None
    whole: bool = False
    recorded_by: str = _RECORDED_BY


@dataclass(frozen=True)
class Kept:
    """A recording in a folder.

    Attributes:
        record_file: its record.
        record: what that says.
        video: the video; None where it is not there, or not yet.
    """

    record_file: Path
    record: EventRecord
    video: Path | None


def as_date(wall_s: float) -> str:
    """A time in seconds since 1970 as a date with the time zone that holds here."""
    return datetime.fromtimestamp(wall_s).astimezone().isoformat(timespec="milliseconds")


def begin_record(folder: Path, word: str, record: EventRecord) -> tuple[Path, EventRecord]:
    """Begin a record under a name that no other recording has, also of a run beside this one.

    Args:
        folder: where; it is made where it is missing.
        word: what the name begins with.
        record: what is known, but for the file.

    Returns:
        Where the video is to be written, and the record that names it.

    Raises:
        SinkError: the folder cannot be written to.
    """
    stem = f"{word}-{datetime.now():%Y%m%d-%H%M%S}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    for number in itertools.count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{_VIDEO}"
        named = replace(record, file=path.name)
        try:
            if os.path.lexists(path):
                continue
            with path.with_suffix(_RECORD).open("x", encoding="utf-8") as file:
                file.write(_as_text(named))
        except FileExistsError:
            continue
        except OSError as error:
            raise cannot_write(path, error) from error
        return path, named
    raise AssertionError("numbers never end")


def write_record(folder: Path, record: EventRecord) -> None:
    """Write what is known of a video in a folder. Raises SinkError."""
    path, text = _record_of(folder, record), _as_text(record)
    try:
        write_whole(path, text.encode())
    except SinkError:
        # A full disk has no room for another file, and the block of the one that is there has.
        with contextlib.suppress(OSError), path.open("r+", encoding="utf-8") as file:
            file.write(text)
            file.truncate()
            return
        raise


def forget(folder: Path, record: EventRecord) -> None:
    """Delete the record of a video that is none."""
    discard(_record_of(folder, record))


def kept_in(folder: Path) -> Iterator[Kept]:
    """Every recording in a folder whose record this program wrote, and nothing else; links are not followed."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix == _RECORD)
    except OSError:
        return
    for name in names:
        record = _read(folder / name)
        if record is not None:
            video = folder / record.file
            yield Kept(folder / name, record, video if _is_file(video) else None)


def mend_records(folder: Path) -> None:
    """Set right the records that killed runs left: of what they kept, and of nothing.

    What they left half written has its name already (sinks/leftovers.py). Raises SinkError.
    """
    for kept in kept_in(folder):
        if kept.video is not None or kept.record.end is not None:
            continue
        stem = kept.record_file.stem
        if any(folder.glob(f".{stem}.unfinished-*")):
            continue  # it is being written by another run
        if _is_file(folder / f"{stem}{_PART}"):
            write_record(folder, replace(kept.record, file=f"{stem}{_PART}"))
        else:
            discard(kept.record_file)


def _as_text(record: EventRecord) -> str:
    return f"{json.dumps(asdict(record), indent=2)}\n"


def _record_of(folder: Path, record: EventRecord) -> Path:
    return folder / f"{record.file.removesuffix(_PART).removesuffix(_VIDEO)}{_RECORD}"


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _read(path: Path) -> EventRecord | None:
    """What a record says; None where it is no record of this program."""
    if not _is_file(path):
        return None
    said: Any = None
    with contextlib.suppress(OSError, ValueError, RecursionError):
        said = json.loads(read_ordinary(path, most=_MOST_BYTES))
    if not isinstance(said, dict) or said.get("recorded_by") != _RECORDED_BY:
        return None
    known = {field.name: said[field.name] for field in fields(EventRecord) if field.name in said}
    is_its_own = known.get("file") in (f"{path.stem}{_VIDEO}", f"{path.stem}{_PART}")
    has_texts = all(isinstance(known.get(name), str) for name in ("source", "start"))
    has_times = isinstance(known.get("start_s"), int | float) and isinstance(known.get("end"), str | None)
    return EventRecord(**{"when": None} | known) if is_its_own and has_texts and has_times else None
