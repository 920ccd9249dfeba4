"""Which classes count: masks that cut out one kind of thing alone are measured as that kind against all the rest."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from deeplab_cv.classes import IGNORE
from deeplab_cv.tools.data.records import Mask

_Table = npt.NDArray[np.uint8]


def against_rest(classes: Collection[int]) -> _Table:
    """What becomes of each label where these classes alone count: itself, 255 for unknown, else 0: uint8 (256,)."""
    table = np.zeros(256, np.uint8)
    kept = [*classes, IGNORE]
    table[kept] = kept
    return table


def counted(labels: Mask, table: _Table | None) -> Mask:
    """Labels or a mask, uint8 (H, W), with the classes that count; all of them without a table."""
    return labels if table is None else table[labels]
