"""What the words of a command line stand for: every file of folders, globs and lists, each with a name of its own."""

import codecs
import contextlib
import csv
import glob
import io
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from urllib.parse import unquote

from deeplab_cv.batch.naming import Found, Names, named
from deeplab_cv.batch.remote import fetched, is_remote, remote_files, without_protocol
from deeplab_cv.batch.tables import paths_in_parquet
from deeplab_cv.batch.work import Item
from deeplab_cv.errors import MissingSourceError, UsageError
from deeplab_cv.machine.files import read_ordinary
from deeplab_cv.sources.files import cannot_read, is_folder
from deeplab_cv.sources.naming import PICTURE_EXTENSIONS, VIDEO_EXTENSIONS

LISTS = (".txt", ".csv", ".parquet")
"""Extensions of a file that names other files."""

COLUMNS = ("path", "file", "filename", "input", "image", "video", "url")
"""What the column of a list's paths may be called; without one of these the first column has them."""

_LARGEST_LIST = 1 << 30


@dataclass(kw_only=True)
class Inputs:
    """Everything the inputs stand for.

    Attributes:
        items: the files to be worked on, in a fixed order.
        unreadable: folders that could not be looked into and links that lead nowhere, each with its reason.
        others: how many files in folders are neither pictures nor videos.
    """

    items: list[Item] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0


def find_inputs(words: Sequence[str], without: Collection[str], names: Names) -> Inputs:
    """The files that files, folders, globs and lists stand for, each once.

    Args:
        words: as they stand on the command line.
        without: folders that are left out wherever they lie, for the job's own outputs; whole paths or URLs.
        names: what decides the names of their outputs.

    Raises:
        MissingSourceError: a word names nothing that is there.
        UsageError: a list names nothing, or there is nothing to be done at all.
    """
    inputs = Inputs()
    found: dict[str, Found] = {}
    left_out = 0
    for word in words:
        for each in _stood_for(word, _existing(without), inputs):
            path = _whole_path(each.file)
            if any(PurePath(path).is_relative_to(folder) for folder in without):
                left_out += 1
                continue
            found.setdefault(path, each)
    inputs.items = named(found.values(), names)
    if not inputs.items and not inputs.unreadable:
        if left_out:
            remedy = "name another --to, or other files"
            raise UsageError("these files lie where the job's own outputs go", " ".join(words[:3]), remedy)
        kinds = "pictures are .jpg .png .webp and a few more, videos .mp4 .mov .mkv .webm and a few more"
        raise UsageError("there is no picture and no video", " ".join(words[:3]), kinds)
    return inputs


def _existing(folders: Collection[str]) -> frozenset[tuple[int, int]]:
    """The folders of this machine that are there, by what they are and not by their names: links lead to them."""
    found = set()
    for folder in folders:
        if not is_remote(folder):
            with contextlib.suppress(OSError):
                found.add(_what_it_is(Path(folder)))
    return frozenset(found)


def _what_it_is(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _stood_for(word: str, without: frozenset[tuple[int, int]], inputs: Inputs) -> Iterator[Found]:
    if is_remote(word):
        yield from _elsewhere(word, inputs)
        return
    word = _local(word)
    path = Path(word)
    if is_folder(path):
        yield from _in_folder(path, path, without, inputs)
    elif os.path.lexists(path):
        if path.suffix.lower() in LISTS:
            yield from _below_common_folder(_listed(path))
        else:
            yield Found(word, path.name)
    elif glob.has_magic(word):
        matches = [match for match in sorted(glob.glob(word, recursive=True)) if not is_folder(Path(match))]  # noqa: PTH207
        if not matches:
            raise MissingSourceError("no file matches", word, "put the pattern in quotes and check the folder")
        fixed = _fixed_part(word)
        yield from (Found(match, os.path.relpath(match, fixed)) for match in matches)
    else:
        raise MissingSourceError("no such file or folder", word, "check the name and the folder you are in")


def _elsewhere(url: str, inputs: Inputs) -> Iterator[Found]:
    """The files behind a URL: one, those of a list, those below a folder, or those that a glob matches."""
    files = remote_files(url)
    if len(files) == 1 and PurePath(url).suffix.lower() in LISTS:
        with tempfile.TemporaryDirectory() as folder, fetched(url, Path(folder)) as copy:
            yield from _below_common_folder(_listed(copy))
        return
    for file in files:
        if len(files) > 1 and PurePath(file.url).suffix.lower() not in PICTURE_EXTENSIONS | VIDEO_EXTENSIONS:
            inputs.others += 1
        else:
            yield Found(file.url, file.name)


def _in_folder(top: Path, folder: Path, outside: frozenset[tuple[int, int]], inputs: Inputs) -> Iterator[Found]:
    """Pictures and videos in a folder and all below it, links to folders followed unless they lead back."""
    try:
        here = _what_it_is(folder)
        entries = sorted(folder.iterdir())
    except OSError as error:
        inputs.unreadable.append((str(folder), f"cannot look into the folder: {error.strerror}"))
        return
    if here in outside:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if is_folder(entry):
            yield from _in_folder(top, entry, outside | {here}, inputs)
        elif entry.suffix.lower() in PICTURE_EXTENSIONS | VIDEO_EXTENSIONS:
            yield Found(str(entry), str(entry.relative_to(top)))
        elif entry.is_symlink() and not entry.exists():
            inputs.unreadable.append((str(entry), "this link leads nowhere"))
        else:
            inputs.others += 1


def _listed(path: Path) -> list[str]:
    """The files that a list names: as the working folder has them, else as the list's own folder does."""
    try:
        if path.suffix.lower() == ".parquet":
            texts = paths_in_parquet(path, COLUMNS)
        else:
            data = read_ordinary(path, most=_LARGEST_LIST)
            lines = [os.fsdecode(line) for line in _unmarked(data).splitlines()]
            texts = _paths_in_csv(lines) if path.suffix.lower() == ".csv" else lines
    except OSError as error:
        raise cannot_read(path, error) from error
    except ValueError as error:
        raise UsageError("cannot read the list of files", path, str(error)) from error
    texts = [text.strip("\r\n") for text in texts]
    texts = [text for text in texts if text.strip() and not text.startswith("#")]
    if not texts:
        raise UsageError("the list names no file", path, "write one path a line, or a column of them")
    return [_placed(text, path.parent) for text in texts]


def _unmarked(data: bytes) -> bytes:
    """A list's text as UTF-8, or in the bytes that a file system has, without a mark of its encoding."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # As PowerShell writes what `dir > list.txt` shows.
        return data.decode("utf-16").encode(errors="surrogatepass")
    return data.removeprefix(codecs.BOM_UTF8)


def _paths_in_csv(lines: Sequence[str]) -> list[str]:
    rows = [row for row in csv.reader(io.StringIO("\n".join(lines), newline="")) if row]
    if not rows:
        return []
    titles = [title.strip().lower() for title in rows[0]]
    column = next((titles.index(name) for name in COLUMNS if name in titles), None)
    if column is None:
        return [row[0] for row in rows]
    return [row[column] for row in rows[1:] if len(row) > column]


def _placed(text: str, folder: Path) -> str:
    if is_remote(text):
        return text
    # A space at an end is rarely meant, and yet may be part of a name.
    texts = [_local(each) for each in (text, text.strip())]
    candidates = [str(place) for each in texts for place in (each, folder / each)]
    return next((each for each in candidates if os.path.lexists(each)), texts[0])


def _local(text: str) -> str:
    """The path of a file:// URL, whose signs may be written as URLs have them; any other text as it is."""
    path = without_protocol(text)
    return path if path == text or os.path.lexists(path) else unquote(path)


def _whole_path(file: str) -> str:
    """The path from the root on; links in it stay, so that each name that a file has is a file of its own."""
    if is_remote(file):
        return file
    return os.path.normpath(Path(file).absolute())


def _below_common_folder(files: Sequence[str]) -> Iterator[Found]:
    folders = [str(Path(_whole_path(file)).parent) for file in files]
    try:
        common = os.path.commonpath(folders)
    except ValueError:  # on several drives of Windows
        common = ""
    for file in files:
        absolute = _whole_path(file)
        yield Found(file, os.path.relpath(absolute, common) if common else PurePath(absolute).name)


def _fixed_part(pattern: str) -> str:
    """The folder in front of a glob's first part with a wildcard."""
    parts = Path(pattern).parts
    fixed = next((place for place, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return str(Path(*parts[:fixed])) if fixed else "."
