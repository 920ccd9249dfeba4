"""Hostile networks, cards, golden scores and checkpoints."""

import functools
import io
import os
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np

from benchmarks.attacks.files import mutated, picture_bytes
from benchmarks.attacks.tries import Try

_VALUES = [
    *(
        "0",
        "-1",
        "1e400",
        ".nan",
        ".inf",
        "[]",
        "{}",
        "null",
        "true",
        "''",
        "../../beside/x",
        "/tmp/x",
        "a\x00b",
        "x" * 5000,
    ),
    *(
        "[[0, 0]]",
        "[[-64, 64]]",
        "[[100000, 100000]]",
        "2026-13-45",
        "!!int x",
        "[" * 3000,
        "9" * 5000,
        "[0, 0, 0]",
        "'\\e[31m'",
    ),
]


def _copied(folder: Path) -> Path:
    tiny = Path(os.environ["ATTACK_NETWORK"])
    for file in tiny.parent.glob(f"{tiny.stem}*"):
        shutil.copy(file, folder)
    (folder / "in.png").write_bytes(picture_bytes(random.Random(1), ".png"))
    return folder / tiny.name


def _run(network: Path, *words: str) -> list[str]:
    return ["--image", "in.png", "--headless", "--stats", "a.csv", "--model", str(network), *words]


def card(numbers: random.Random, folder: Path) -> Try:
    """A card with a value that no card has, or with other bytes."""
    from deeplab_cv.networks.card import card_path

    network = _copied(folder)
    file = card_path(network)
    lines = file.read_text().splitlines()
    if numbers.random() < 0.7:
        for _ in range(numbers.choice((1, 1, 2))):
            at = numbers.randrange(len(lines))
            head = lines[at].partition(":")[0]
            lines[at] = numbers.choice((f"{head}: {numbers.choice(_VALUES)}", "", f"{lines[at]}x", f"  {lines[at]}"))
        file.write_text("\n".join(lines))
    elif numbers.random() < 0.8:
        file.write_bytes(mutated(numbers, file.read_bytes()))
    else:
        file.unlink()
        numbers.choice((file.mkdir, functools.partial(os.mkfifo, file), functools.partial(os.symlink, file, file)))()
    words = numbers.choice((_run(Path(network.name), "--backend", "opencv:cpu"), ["models", network.name]))
    return Try(words)


def golden(numbers: random.Random, folder: Path) -> Try:
    """Golden scores that are damaged, of another shape, endless or no number: the engine must be refused."""
    network = _copied(folder)
    (file,) = folder.glob("*.npz")
    codes: tuple[int, ...] = (1,)
    harm = numbers.randrange(6)
    if harm == 0:
        file.write_bytes(mutated(numbers, file.read_bytes()))
        codes = (0, 1)
    elif harm == 1:
        scores = {name: np.array(values) for name, values in np.load(file).items()}
        for values in scores.values():
            values[numbers.randrange(len(values))] = numbers.choice((np.nan, np.inf, 1e4))
        np.savez(file, **scores)
    elif harm == 2:
        scores = {name: values[..., : numbers.choice((0, 1, 3))] for name, values in np.load(file).items()}
        np.savez(file, **scores)
    elif harm == 3:
        names = list(np.load(file))
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(f"{name}.npy", _npy_head(numbers) + bytes(1 << 26))
    elif harm == 4:
        file.write_bytes(numbers.randbytes(numbers.choice((0, 10, 10_000))))
    else:
        with file.open("wb") as opened:
            np.save(opened, np.zeros((3, 3)))
    return Try(_run(Path(network.name), "--backend", "opencv:cpu"), codes=codes)


def _npy_head(numbers: random.Random) -> bytes:
    shape = numbers.choice(((2**42,), (21, 2**21, 2**21), (-1,), (0,), (21, 4096, 4096)))
    head = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()


def network(numbers: random.Random, folder: Path) -> Try:
    """A network without a card, whose graph is not what it was: attributes, inputs, shapes, weights, or its bytes."""
    import onnx

    _copied(folder)
    file = Path(os.environ["ATTACK_PLAIN"])
    model = onnx.load(str(file))
    target = folder / "odd.onnx"
    for _ in range(numbers.choice((1, 2, 3))):
        node = numbers.choice(list(model.graph.node))
        harm = numbers.randrange(6)
        if harm == 0 and node.attribute:
            attribute = numbers.choice(list(node.attribute))
            odd = numbers.choice((0, -1, 2**31, 2**40, -(2**63)))
            if attribute.ints:
                attribute.ints[numbers.randrange(len(attribute.ints))] = odd
            else:
                attribute.i = odd
        elif harm == 1 and len(node.input) > 1:
            inputs = list(node.input)
            numbers.shuffle(inputs)
            node.input[:] = inputs
        elif harm == 2:
            tensor = numbers.choice(list(model.graph.initializer))
            dims = list(tensor.dims)
            numbers.shuffle(dims)
            tensor.dims[:] = dims if numbers.random() < 0.5 else [numbers.choice((0, -1, 2**31, side)) for side in dims]
        elif harm == 3:
            tensor = numbers.choice(list(model.graph.initializer))
            if tensor.raw_data:
                # Whatever became of its sides before, the bytes can be written over.
                odd = np.float32(numbers.choice((np.nan, np.inf, 1e38)))
                tensor.raw_data = np.full(len(tensor.raw_data) // 4, odd).tobytes()
        elif harm == 4:
            sides = numbers.choice((model.graph.input, model.graph.output))[0].type.tensor_type.shape.dim
            sides[numbers.randrange(len(sides))].dim_value = numbers.choice((0, 1, -64, 2**31, 99999))
        else:
            node.op_type = numbers.choice(("Loop", "If", "Relu", "MaxPool", "Identity", "Nonsense", "ArgMax", "Resize"))
    data = model.SerializeToString()
    target.write_bytes(mutated(numbers, data) if numbers.random() < 0.2 else data)
    stated = ["--classes", "voc", "--mean", "0,0,0", "--std", "1,1,1"]
    commands = (
        _run(
            Path("odd.onnx"),
            "--backend",
            numbers.choice(("auto", "opencv:cpu", "onnxruntime:cpu", "openvino:cpu")),
            *stated,
        ),
        ["repair", "odd.onnx", "--out", "mended.onnx", "--order", "rgb", *stated],
    )
    return Try(numbers.choice((*commands[:1], *commands)))


@functools.cache
def _checkpoint() -> bytes:
    import torch

    held = io.BytesIO()
    weights = {f"backbone.{number}.weight": torch.zeros(8, 8) for number in range(4)}
    torch.save(
        {"facts": {"architecture": "deeplabv3_lite", "classes": ("background", "dog")}, "network": weights}, held
    )
    return held.getvalue()


class _Payload:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch ../beside/pwned",)


def checkpoint(numbers: random.Random, folder: Path) -> Try:
    """A checkpoint that is damaged, a bomb, another kind of file, or brings code with it."""
    import torch

    file = folder / f"odd{numbers.choice(('.pt', '.pth', '.onnx', '.safetensors', '.ckpt'))}"
    harm = numbers.randrange(5)
    if harm == 0:
        torch.save(numbers.choice((_Payload(), [_Payload()], {"network": _Payload(), "facts": {}})), file)
    elif harm == 1:
        with (
            zipfile.ZipFile(io.BytesIO(_checkpoint())) as source,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for entry in source.namelist():
                archive.writestr(entry, bytes(1 << 28) if numbers.random() < 0.2 else source.read(entry))
    elif harm == 2:
        torch.save(
            numbers.choice(([], 5, "x", {}, {"network": 5}, torch.zeros(3), {"state_dict": {"a": torch.zeros(1)}})),
            file,
        )
    else:
        file.write_bytes(mutated(numbers, _checkpoint()))
    words = [["export", file.name, "--out", "out.onnx"], ["export", file.name, "--torchscript", "--out", "out.pt"]]
    words += [["export", "deeplabv3_lite", "--weights", file.name, "--classes", "voc", "--out", "out.onnx"]]
    return Try(numbers.choice(words), codes=(1, 2))
