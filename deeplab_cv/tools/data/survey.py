"""All pictures and masks of a data set, before anything is learned: whether they are right, and what they show."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from deeplab_cv.classes import IGNORE
from deeplab_cv.errors import DataError
from deeplab_cv.frames.size import Size
from deeplab_cv.tools.data.records import Record, check_sizes, read_mask

Values = npt.NDArray[np.bool_]
"""Which values masks have: bool (..., 256), the last for "unknown"."""

_NAMES_SHOWN = 8

_log = logging.getLogger(__name__)


def survey(records: Sequence[Record], class_count: int) -> Iterator[Values]:
    """Check every record and yield which values its mask has: bool (256,), one after the other.

    Masks are decoded; of a picture only the header is read, so that thousands take seconds.
    Raises DataError naming the first file that is wrong.
    """
    for record in records:
        mask = read_mask(record, class_count)
        check_sizes(record, Size.of(mask))
        yield np.bincount(mask.ravel(), minlength=IGNORE + 1) > 0


def check_shown(values: Values, records: Sequence[Record], names: Sequence[str], wanted: Sequence[str]) -> None:
    """Say which classes no mask shows: from such masks they cannot be learned.

    Args:
        values: bool (records, 256), what the masks have.
        records: whose they are; at least one.
        names: of all classes, the background first.
        wanted: the names of those that are to be seen in the masks.

    Raises:
        DataError: no mask shows any class but the background.
    """
    shown = np.asarray(values.any(axis=0))
    if not shown[1 : len(names)].any():
        if shown[IGNORE]:
            what = f"the masks have no values but 0 and {IGNORE}, and {IGNORE} means unknown: no class is in them"
            raise DataError(what, records[0].mask, f"save the masks with 1 for {names[1]} in place of {IGNORE}")
        remedy = f"1 is {names[1]}; draw it, or correct the order of --classes"
        raise DataError("the masks are 0 everywhere: no class is in them", records[0].mask, remedy)
    missing = [name for label, name in enumerate(names) if label and name in wanted and not shown[label]]
    if missing:
        more = f" and {len(missing) - _NAMES_SHOWN} more" if len(missing) > _NAMES_SHOWN else ""
        named = ", ".join(missing[:_NAMES_SHOWN]) + more
        _log.warning("no mask to learn from shows %s: it cannot be learned; see whether --classes is in order", named)
