"""PyTorch -> TorchScript, as PyTorch's iOS and Android tutorials on image segmentation do it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from deeplab_cv.errors import NetworkError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import whole_file
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, GOLDEN_SEED, golden_blob
from deeplab_cv.pytorch.exporting.full_network import full_network
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork
from deeplab_cv.pytorch.torchvision_import import import_torchvision

TUTORIAL_SIZE = 400


@dataclass(frozen=True)
class Scripted:
    """What was written.

    Attributes:
        input, output: a picture (1, 3, 400, 400) and the reloaded file's scores for it (1, classes, 400, 400).
        error: greatest difference between the reloaded file's scores and PyTorch's, as a share of the greatest.
        remark: how the file was made for mobile; empty where that was not asked for.
    """

    file: Path
    input: Tensor
    output: Tensor
    error: float
    remark: str


def export_torchscript(trained: TrainedNetwork, file: Path, *, mobile: bool) -> Scripted:
    """Script a network, save it, load it again and compare; `mobile` saves for the mobile interpreter.

    Raises:
        NetworkError: the reloaded file does not give PyTorch's scores.
    """
    import_torchvision()
    network = full_network(trained)
    mean, std = trained.architecture.mean, trained.architecture.std
    blob = golden_blob(GOLDEN_SEED, Size(TUTORIAL_SIZE, TUTORIAL_SIZE), InputFacts(mean=mean, std=std))
    picture = torch.from_numpy(blob)
    file.parent.mkdir(parents=True, exist_ok=True)
    scripted = torch.jit.script(network)
    with whole_file(file) as temporary:
        remark = _save_for_mobile(scripted, temporary) if mobile else _save(scripted, temporary)
        with torch.inference_mode():
            expected = network(picture)["out"]
            output = _load(temporary, mobile=mobile)(picture)["out"]
        error = float((output - expected).abs().max() / expected.abs().max())
        if error > FLOAT32_TOLERANCE:
            raise NetworkError(f"TorchScript is off by {error:.1e}", file, "this should not happen")
    return Scripted(file, picture, output, error, remark)


def _save(scripted: torch.jit.ScriptModule, file: Path) -> str:
    torch.jit.save(scripted, str(file))
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
    optimised._save_for_lite_interpreter(str(file))
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
