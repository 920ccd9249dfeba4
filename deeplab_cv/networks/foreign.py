"""Network files of other kinds than ONNX: what each is, and how it becomes one that this program runs."""

import re
from pathlib import Path

from deeplab_cv.errors import as_typed
from deeplab_cv.machine.program import program

_KINDS_BY_ENDING = {
    "a PyTorch file": (".pt", ".pth", ".ptl", ".ckpt", ".safetensors", ".torchscript", ".bin"),
    "a TensorFlow Lite file": (".tflite", ".lite"),
    "a TensorFlow or Keras file": (".pb", ".h5", ".hdf5", ".keras"),
    "a TensorRT engine": (".engine", ".trt", ".plan"),
    "an OpenVINO file": (".xml",),
    "a Core ML file": (".mlmodel", ".mlpackage"),
    "a Caffe file": (".caffemodel", ".prototxt"),
    "an NCNN file": (".param",),
    "a card": (".yaml", ".yml"),
}

_REMEDIES = {
    "a TensorFlow Lite file": "convert it with tf2onnx (--tflite FILE --output FILE.onnx)",
    "a TensorFlow or Keras file": "convert it with tf2onnx",
    "a card": "name the .onnx file that it belongs to",
}

_ARCHITECTURE = re.compile(r"(deeplabv3|lraspp|fcn)\w*", re.IGNORECASE)
"""How PyTorch and this program call networks that are made and not downloaded as a file."""


def kind_of_foreign_file(file: Path) -> str | None:
    """What kind of network a file is by its first bytes, or else by its ending; None for what may be ONNX."""
    try:
        with file.open("rb") as opened:
            start = opened.read(64)
    except OSError:
        start = b""
    if start[4:8] == b"TFL3":
        return "a TensorFlow Lite file"
    if start.startswith(b"\x89HDF"):
        return "a TensorFlow or Keras file"
    if start.startswith((b"PK\x03\x04", b"\x80\x02")):
        # A zip archive, or before 2020 a pickle, is what torch.save writes.
        return "a Core ML file" if b".mlpackage" in start else "a PyTorch file"
    if start.lstrip().startswith((b"<?xml", b"<net")):
        return "an OpenVINO file"
    ending = file.suffix.lower()
    return next((kind for kind, endings in _KINDS_BY_ENDING.items() if ending in endings), None)


def how_to_make_onnx(file: Path, kind: str) -> str:
    """What to do with a network file of another kind."""
    if kind == "a PyTorch file":
        return (
            f"`{program()} export {as_typed(file)}` makes one of a checkpoint of `{program()} train`; "
            "others: torch.onnx.export"
        )
    return _REMEDIES.get(kind, "export the network it was made from as .onnx")


def how_to_get(name: str, known: Path) -> str:
    """What to do where there is no network file of a name.

    Args:
        name: what was named.
        known: the folder that the program's own networks lie in.
    """
    stem = Path(name).stem if Path(name).suffix in ("", ".onnx", ".pt", ".pth") else ""
    if _ARCHITECTURE.fullmatch(stem):
        return f"make it first: `{program()} export {stem}`"
    there = ", ".join(as_typed(file) for file in sorted(known.glob("*.onnx")))
    return f"name an .onnx file with --model{f'; there is {there}' if there else ''}"
