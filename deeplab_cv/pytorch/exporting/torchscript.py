"""PyTorch -> TorchScript, as PyTorch's iOS and Android tutorials on image segmentation do it."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deeplab_cv.classes import PAINTED_BY_DEFAULT, default_colour
from deeplab_cv.errors import DataError, NetworkError
from deeplab_cv.frames.pixels import Image, resize, to_rgb
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import whole_file
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, GOLDEN_SEED, golden_blob
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.styles import paint
from deeplab_cv.pytorch.architecture_facts import LITE, Architecture
from deeplab_cv.pytorch.exporting.full_network import full_network
from deeplab_cv.pytorch.exporting.torchscript_int8 import (
    AgainstFloat,
    against_float,
    computing_with,
    int8_engines,
    static_int8,
)
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork
from deeplab_cv.pytorch.torchvision_import import import_torchvision

TUTORIAL_SIZE = 400

_TUTORIAL = Size(TUTORIAL_SIZE, TUTORIAL_SIZE)

LONGEST_SIDE = 1024
"""Of the picture that a file is tried on: a deep network needs gigabytes for a photo of a phone."""


@dataclass(frozen=True)
class Scripted:
    """What was written.

    Attributes:
        input, output: a picture (1, 3, H, W) and the reloaded file's scores for it (1, classes, H, W); 400x400 where no
            picture was given.
        error: greatest difference between the reloaded file's scores and PyTorch's, as a share of the greatest.
        remark: how the file was made for mobile; empty where that was not asked for.
        painted: the picture in the tutorial's three colours on black, uint8 (H, W, 3), BGR.
        against_float: how the int8 file does beside the float one, on each engine of `int8_engines`; none for a float
            file.
    """

    file: Path
    input: Tensor
    output: Tensor
    error: float
    remark: str
    painted: Image
    against_float: dict[str, AgainstFloat]


def export_torchscript(
    trained: TrainedNetwork,
    file: Path,
    *,
    mobile: bool,
    picture: Image | None = None,
    int8_pictures: Sequence[Image] = (),
    progress: Callable[[], None] = lambda: None,
) -> Scripted:
    """Script a network, save it, load it again, run it and compare.

    Args:
        trained: the network.
        file: to write.
        mobile: save for the mobile interpreter.
        picture: what the reloaded file is run on, uint8 (H, W, 3), BGR; None for the golden sample.
        int8_pictures: quantise the network with every second of these, and compare it with float on the others; none
            for a float file.
        progress: called after each of these.

    Raises:
        NetworkError: the reloaded file does not give PyTorch's scores.
        DataError: fewer than two pictures to quantise with.
    """
    import_torchvision()
    network = float_network = full_network(trained)
    squeezed = [_tensor(resize(each, _TUTORIAL), trained.architecture) for each in int8_pictures]
    if squeezed:
        if len(squeezed) < 2:
            raise DataError("too few pictures to calibrate and to judge with", len(squeezed), "give 20 or more")
        network = static_int8(float_network, squeezed[::2], progress)
    blob = _golden_input(trained.architecture) if picture is None else _tensor(_bounded(picture), trained.architecture)
    file.parent.mkdir(parents=True, exist_ok=True)
    scripted = _scripted(network)
    with whole_file(file) as temporary:
        remark = _save_for_mobile(scripted, temporary) if mobile else _save(scripted, temporary)
        loaded = _load(temporary, mobile=mobile)
        with torch.inference_mode():
            expected = network(blob)["out"]
            output = loaded(blob)["out"]
        error = float((output - expected).abs().max() / expected.abs().max())
        if error > FLOAT32_TOLERANCE:
            raise NetworkError(f"TorchScript is off by {error:.1e}", file, "this should not happen")
        against: dict[str, AgainstFloat] = {}
        for engine in int8_engines() if squeezed else ():
            with computing_with(engine):
                scripted_float, int8 = _scripted(float_network), _load(temporary, mobile=mobile)
                against[engine] = against_float(scripted_float, int8, squeezed[1::2], len(trained.classes), progress)
    return Scripted(file, blob, output, error, remark, _painted(output, trained.classes), against)


def _scripted(network: nn.Module) -> torch.jit.ScriptModule:
    """The network as TorchScript.

    torch.jit knows functions by their id() alone, those that are gone as well. A list that came to lie in such a place
    is taken for the function; in a copy of the network it lies elsewhere.
    """
    try:
        scripted: torch.jit.ScriptModule = torch.jit.script(network)
    except RuntimeError as error:
        if "builtin cannot be used as a value" not in str(error):
            raise
        scripted = torch.jit.script(copy.deepcopy(network))
    return scripted


def _golden_input(architecture: Architecture) -> Tensor:
    facts = InputFacts(mean=architecture.mean, std=architecture.std)
    return torch.from_numpy(golden_blob(GOLDEN_SEED, _TUTORIAL, facts))


def _bounded(picture: Image) -> Image:
    """The picture at its own size, as the tutorial runs it, or as large as may be, in the steps of our own network."""
    size = Size.of(picture)
    fit = min(1, LONGEST_SIDE / max(size)) / LITE.input_multiple
    width, height = (max(1, round(side * fit)) * LITE.input_multiple for side in size)
    return resize(picture, Size(width, height), cv2.INTER_AREA)


def _tensor(picture: Image, architecture: Architecture) -> Tensor:
    """What torchvision's ToTensor and Normalize make of a picture: float32 (1, 3, H, W)."""
    normalised = (to_rgb(picture).astype(np.float32) - _row(architecture.mean)) / _row(architecture.std)
    return torch.from_numpy(np.ascontiguousarray(normalised.transpose(2, 0, 1)[None]))


def _row(values: Sequence[float]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


def _painted(scores: Tensor, classes: Sequence[str]) -> Image:
    """Labels in the tutorial's three colours on black; in its own, each class of a network that has none of those."""
    labels = scores[0].argmax(dim=0).to(torch.uint8).numpy()
    colours = {classes.index(name): colour for name, colour in PAINTED_BY_DEFAULT.items() if name in classes}
    own = {label: default_colour(name) for label, name in enumerate(classes) if label}
    return paint(np.zeros((*labels.shape, 3), np.uint8), labels, Look("mask", colours=colours or own))


def _save(scripted: torch.jit.ScriptModule, file: Path) -> str:
    # Python writes the file itself: torch's words for a full disk are 40 lines of C++.
    file.write_bytes(scripted.save_to_buffer())
    return ""


def _save_for_mobile(scripted: torch.jit.ScriptModule, file: Path) -> str:
    """Save for the mobile interpreter, optimised where the installed torch can; says which."""
    from torch.utils.mobile_optimizer import optimize_for_mobile

    try:
        optimised = optimize_for_mobile(scripted)
        remark = "optimised by torch.utils.mobile_optimizer"
    except RuntimeError as error:
        # Wheels of torch 2.9 and later come without XNNPACK, which it rewrites to.
        optimised = torch.jit.freeze(scripted)
        reason = "it was built without XNNPACK" if "XNNPACK" in str(error) else str(error).splitlines()[0]
        remark = f"frozen only: this torch cannot optimise for mobile ({reason}); its successor is ExecuTorch"
    file.write_bytes(optimised._save_to_buffer_for_lite_interpreter())
    return remark


def _load(file: Path, *, mobile: bool) -> nn.Module:
    if mobile:
        from torch.jit.mobile import _load_for_lite_interpreter

        module: nn.Module = _load_for_lite_interpreter(str(file))  # type: ignore[no-untyped-call]
        return module
    loaded: nn.Module = torch.jit.load(str(file))  # type: ignore[no-untyped-call]
    return loaded


def first_values(scores: Tensor, count: int = 5) -> str:
    """The first scores in words, for comparing by hand."""
    return ", ".join(f"{value:.5g}" for value in torch.flatten(scores)[:count].tolist())
