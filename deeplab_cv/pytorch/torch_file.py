"""Reads what torch.save wrote: tensors and plain types only, so that a file cannot bring code with it."""

import mmap
import warnings
import zipfile
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
    if (fault := _fault(path)) is not None:
        raise NetworkError(fault, path, remedy)
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


def _fault(path: Path) -> str | None:
    """What would fill the memory where the file is read; None where its header holds nothing of the kind."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as entries:
                if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.infolist()):
                    return "its parts are compressed, as torch.save never writes them"
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            # The one thing besides tensors that torch makes of any length that it is told.
            return "holds more than tensors, none of it was run" if content.find(b"bytearray") >= 0 else None
    except (OSError, ValueError, zipfile.BadZipFile):
        # Damaged or empty, which torch finds out.
        return None
