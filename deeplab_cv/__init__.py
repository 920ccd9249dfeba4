"""Live semantic segmentation of video with DeepLabV3, on OpenCV DNN, ONNX Runtime and OpenVINO.

from deeplab_cv import Segmenter

with Segmenter() as segmenter:
    segmenter("dog.jpg").save("dog-segmented.png")
"""

import importlib
from typing import TYPE_CHECKING, Any

from deeplab_cv.version import VERSION

if TYPE_CHECKING:
    from deeplab_cv.api import Segmenter
    from deeplab_cv.errors import UserError
    from deeplab_cv.result import Result

__all__ = ["Result", "Segmenter", "UserError", "__version__"]

__version__ = VERSION

_HOMES = {"Result": "result", "Segmenter": "api", "UserError": "errors"}


def __getattr__(name: str) -> Any:
    # Handed on when it is asked for, so that the command line, which needs none of it, starts at once.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
