"""ONNX files, read whole and written whole."""

from pathlib import Path
from typing import Any

from deeplab_cv.errors import MissingNetworkError, NetworkError
from deeplab_cv.machine.files import whole_file
from deeplab_cv.networks.foreign import how_to_make_onnx, kind_of_foreign_file
from deeplab_cv.networks.node_order import in_order

LARGEST = 2**31
"""Bytes that protobuf can hold in one message."""


def load_onnx(file: Path) -> Any:
    """An onnx.ModelProto that has been checked, its nodes in the order in which they compute. Raises NetworkError."""
    return load_sorted(file)[0]


def load_sorted(file: Path) -> tuple[Any, bool]:
    """The same, and whether the file's own nodes lie in another order. Raises NetworkError.

    Converters to float16 append the casts to the end. ONNX Runtime reads such a file, the standard forbids it.
    """
    import onnx

    if not file.is_file():
        raise MissingNetworkError("no such network file", file, "name an .onnx file")
    if (kind := kind_of_foreign_file(file)) is not None:
        raise NetworkError(f"this is {kind}, not an ONNX network", file, how_to_make_onnx(file, kind))
    try:
        if file.stat().st_size >= LARGEST:
            # Looked at before it is read: protobuf would fill the memory first and then refuse it.
            raise ValueError("larger than the 2 GB that one ONNX file can hold")
        model = onnx.load(str(file))
        moved = in_order(model.graph)
        onnx.checker.check_model(model)
    except Exception as error:  # onnx raises protobuf's, its own and the system's errors alike
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise NetworkError("not a whole ONNX network", file, "fetch or export it again", cause=reason) from error
    return model, moved


def save_onnx(model: Any, path: Path) -> None:
    """Write a model; the file has its name only when it is whole."""
    import onnx

    with whole_file(path) as temporary:
        onnx.save(model, str(temporary))
