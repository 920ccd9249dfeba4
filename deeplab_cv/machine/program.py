"""How this program was started, so that every message names it as it can be typed."""

import sys
from pathlib import Path

from deeplab_cv.machine.folders import cloned


def program() -> str:
    """The program's name as it can be typed: app.py, deeplab-cv or python -m deeplab_cv."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py" and started.parent.name == "deeplab_cv":
        return "python -m deeplab_cv"
    if started.stem.startswith("deeplab-cv"):
        return "deeplab-cv"
    # Started by somebody else's script or a test: what is typed where this copy of the program lies.
    return "app.py" if started.name == "app.py" or cloned() else "deeplab-cv"
