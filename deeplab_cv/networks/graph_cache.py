"""Graphs made from a network file, kept for the next start and proven to be whole when they are used."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import keep, kept_files, write_cached
from deeplab_cv.machine.files import discard, file_hash

_FOLDER = "graphs"
_HEXADECIMALS = 32


def kept_graph(key: str, make: Callable[[], Any]) -> Path:
    """The file of a graph; a missing or damaged one is made anew.

    Args:
        key: what it was made from, see `graph_key`.
        make: makes it, an onnx.ModelProto.

    Raises:
        UserError: it cannot be written.
    """
    return _whole_file(key) or _written(key, make())


def kept_graph_if_any(key: str, make: Callable[[], Any | None]) -> Path | None:
    """As `kept_graph`; None where `make` gives none, which is kept as well."""
    if (path := _whole_file(key)) is not None:
        return path
    if kept_files(_FOLDER, f"{key}.none"):
        return None
    if (model := make()) is None:
        # Looking again would cost every start the time to read the file.
        keep(_FOLDER, f"{key}.none", Path.touch)
        return None
    return _written(key, model)


def graph_key(sha256: str, input_size: Size, form: str = "") -> str:
    """What tells a graph from all others: the network file's hash, the input's size, how it is written.

    Nothing that a card says stands in it, since it becomes the name of a file.
    """
    height, width = input_size.hw
    return f"{sha256[:_HEXADECIMALS]}-{height}x{width}{form and '-'}{form}"


def _whole_file(key: str) -> Path | None:
    """A graph of an earlier start; its name holds its own hash, since a power cut leaves files of any content."""
    for path in kept_files(_FOLDER, f"{key}.*.onnx"):
        if path.name == _file_name(key, file_hash(path)):
            return path
        discard(path)
    return None


def _written(key: str, model: Any) -> Path:
    content = model.SerializeToString()
    name = _file_name(key, hashlib.sha256(content).hexdigest())
    return write_cached(_FOLDER, name, lambda temporary: temporary.write_bytes(content))


def _file_name(key: str, sha256: str) -> str:
    return f"{key}.{sha256[:_HEXADECIMALS]}.onnx"
