"""Files that are written whole or not at all."""

import os
from pathlib import Path


def unfinished(path: Path) -> Path:
    """The hidden name a file bears while it is written: same folder, so that renaming is one step; same extension."""
    return path.with_name(f".{path.stem}.unfinished-{os.getpid()}{path.suffix}")


def partial(path: Path) -> Path:
    """A free name for what a stopped job leaves: NAME.partial.EXT, or NAME.partial-2.EXT where that one is taken."""
    number = 1
    while True:
        mark = "partial" if number == 1 else f"partial-{number}"
        candidate = path.with_name(f"{path.stem}.{mark}{path.suffix}")
        if not candidate.exists():
            return candidate
        number += 1


def discard(path: Path) -> None:
    """Delete a file if it is there; a file that cannot be deleted is left, since the reason to do so came first."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
