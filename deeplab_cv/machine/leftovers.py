"""Drafts that nobody writes any more: their process was killed, or the power was cut."""

import re
from collections.abc import Iterator
from pathlib import Path

from deeplab_cv.machine.files import discard
from deeplab_cv.machine.locks import locked_elsewhere

_DRAFT = re.compile(r"\.(?P<stem>.+)\.unfinished-[0-9a-f]{12}(?P<suffix>\.[^.]*)?", re.DOTALL)


def drafts_left_in(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Each draft that was left behind, and the place that it was meant for; no other run takes it meanwhile.

    A draft that lives is none, nor is one on a file system without locks, where nobody can say.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for name in names:
        found = _DRAFT.fullmatch(name)
        if found is None or not (folder / name).is_file():
            continue
        with locked_elsewhere(folder / name) as locked:
            if not locked:
                yield folder / name, folder / f"{found['stem']}{found['suffix'] or ''}"


def discard_drafts_left_in(folder: Path) -> None:
    """Delete them: of a cache a part is worth nothing."""
    for draft, _ in drafts_left_in(folder):
        discard(draft)
