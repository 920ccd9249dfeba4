"""The line for cut-outs that cannot stay transparent where they are written to."""

import logging
from pathlib import Path

from deeplab_cv.errors import as_typed

_log = logging.getLogger(__name__)


def say_checkerboard(path: Path, remedy: str) -> None:
    """Tell the user that this file shows a checkerboard, and what would be transparent."""
    _log.info("%s: the cut-outs lie on a checkerboard, which is part of the picture; %s", as_typed(path.name), remedy)
