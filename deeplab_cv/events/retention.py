"""How long recordings are kept: the oldest are deleted where they are too old, too many, or the disk is too full."""

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deeplab_cv.events.records import Kept, kept_in


@dataclass(frozen=True, kw_only=True)
class KeepLimits:
    """What recordings may take; None for whatever they like.

    Attributes:
        most_bytes: of all recordings in the folder together.
        most_age_s: how old one may become, in seconds.
        least_free: bytes that are to stay free on the disk.
    """

    most_bytes: int | None = None
    most_age_s: float | None = None
    least_free: int | None = None


def make_room(
    folder: Path,
    limits: KeepLimits,
    *,
    now_s: float | None = None,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> list[Path]:
    """Delete what the limits do not allow for, the oldest first; nothing but recordings whose record we wrote.

    Args:
        folder: of the recordings.
        limits: what they may take.
        now_s: in seconds since 1970; None for now.
        free: how many bytes the disk of a folder has left.

    Returns:
        The videos that were deleted. One that cannot be is left.
    """
    if limits == KeepLimits():
        return []
    now_s = time.time() if now_s is None else now_s
    recordings = sorted((found for kept in kept_in(folder) if (found := _measured(kept))), key=lambda each: each.end_s)
    used = sum(recording.size for recording in recordings)
    deleted = []
    for recording in recordings:
        too_old = limits.most_age_s is not None and now_s - recording.end_s > limits.most_age_s
        too_many = limits.most_bytes is not None and used > limits.most_bytes
        if not (too_old or too_many or _is_short_of_room(folder, limits, free)):
            break
        if _delete(recording):
            used -= recording.size
            deleted.append(recording.video)
    return deleted


@dataclass(frozen=True)
class _Candidate:
    record_file: Path
    video: Path
    end_s: float
    size: int


def _measured(kept: Kept) -> _Candidate | None:
    """A recording that is over, with its age and size; None for one whose video is not there, or not yet."""
    if kept.video is None:
        return None
    try:
        status = kept.video.stat()
        end_s = status.st_mtime
        if kept.record.end is not None:
            end_s = min(end_s, datetime.fromisoformat(kept.record.end).timestamp())
        return _Candidate(kept.record_file, kept.video, end_s, status.st_size + kept.record_file.stat().st_size)
    except (OSError, ValueError, OverflowError):
        return None


def _is_short_of_room(folder: Path, limits: KeepLimits, free: Callable[[Path], int]) -> bool:
    if limits.least_free is None:
        return False
    with contextlib.suppress(OSError):
        return free(folder) < limits.least_free
    return False


def _delete(recording: _Candidate) -> bool:
    """The video first: a record without one is mended at the next start, a video without one would stay for ever."""
    try:
        recording.video.unlink()
        recording.record_file.unlink()
    except OSError:
        return False
    return True
