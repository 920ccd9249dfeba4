"""Reads what torch.save wrote: tensors and plain types only, so that a file cannot bring code with it."""

import warnings
from pathlib import Path
from typing import Any

import torch

from deeplab_cv.errors import MissingNetworkError, NetworkError

_REFUSED = ("Unsupported global", "Unsupported class", "Unsupported operand", "GLOBAL")
"""Words of torch's unpickler where it meets more than tensors and plain types."""


def read_torch_file(path: Path, remedy: str) -> Any:
    """What a .pt or .pth file holds, on the processor. Raises NetworkError with `remedy`."""
    if not path.is_file():
        raise MissingNetworkError("no such file", path, remedy)
    try:
        with warnings.catch_warnings():
            # It warns of the very files that are refused below.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever unpickling meets
        # Its own words run over many lines and advise to run the code.
        refused = any(words in str(error) for words in _REFUSED)
        what = "holds more than tensors, none of it was run" if refused else "not a whole PyTorch file"
        raise NetworkError(what, path, remedy) from error
