"""PyTorch network -> ONNX file + card + golden scores: read top to bottom."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from deeplab_cv.engines.engine import Blob
from deeplab_cv.errors import NetworkError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.card import Card, GoldenFacts, InputFacts, Origin, card_name, write_card
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, GOLDEN_SEED, golden_blob, greatest_error, write_golden
from deeplab_cv.networks.onnx_graph import save_graph, store_half
from deeplab_cv.pytorch.architecture_facts import Architecture
from deeplab_cv.pytorch.exporting.golden import measured_tolerances, scores_of
from deeplab_cv.pytorch.exporting.graph import graph_of, round_weights
from deeplab_cv.pytorch.exporting.portable import portable_network
from deeplab_cv.pytorch.exporting.sizes import proven_sizes
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportPlan:
    """What the file shall be.

    Attributes:
        file: the ONNX file to write; its card and golden scores go beside it.
        pixels: sides of the squares whose areas the proven sizes have, the largest first.
        half: store weights as float16.
        opset: 11 to 17.
        command: the command line, for the card where the weights name none.
    """

    file: Path
    pixels: tuple[int, ...]
    half: bool
    opset: int
    command: str


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        rewrite_error, rounding_error: what rewriting the network and rounding its weights changed, as shares of the
            greatest score.
        torch_scores: PyTorch's scores of an input, for the proof: those that the file is to give.
    """

    card: Card
    rewrite_error: float
    rounding_error: float
    torch_scores: Callable[[Blob], Scores]


def export(trained: TrainedNetwork, plan: ExportPlan) -> Exported:
    """Write a network in the program's own form: portable, proven, with its card.

    Raises:
        NetworkError: a rewritten network does not give the same scores.
    """
    architecture = trained.architecture
    facts = InputFacts(padding=architecture.mean)
    sizes = proven_sizes(plan.pixels, architecture.input_multiple)
    blobs = {size: golden_blob(GOLDEN_SEED, size, facts) for size in sizes}

    _log.info("computing the network's scores at %d sizes, as it was trained and in its portable form", len(sizes))
    original = PlainInput(trained.network, architecture).eval()
    portable = portable_network(trained.network, architecture)
    golden = {size: scores_of(original, blob) for size, blob in blobs.items()}
    rewritten = {size: scores_of(portable, blob) for size, blob in blobs.items()}
    rewrite_error = _worst(rewritten, golden)
    if rewrite_error > FLOAT32_TOLERANCE:
        raise NetworkError(f"the rewritten network is off by {rewrite_error:.1e}", plan.file, "this should not happen")

    rounding_error = 0.0
    if plan.half:
        round_weights(portable)
        # The file holds the rounded network, so this is what engines are compared with.
        golden = {size: scores_of(portable, blob) for size, blob in blobs.items()}
        rounding_error = _worst(golden, rewritten)

    _log.info("writing the ONNX file")
    model = graph_of(portable, architecture.input_multiple, plan.opset)
    if plan.half:
        store_half(model)
    plan.file.parent.mkdir(parents=True, exist_ok=True)
    save_graph(model, plan.file, graph_facts(trained))
    golden_file = plan.file.with_suffix(".golden.npz")
    write_golden(golden_file, golden)
    _log.info("measuring how far lower precisions may be off")
    card = Card(
        name=card_name(plan.file),
        file=plan.file.name,
        sha256=file_hash(plan.file),
        architecture=architecture.name,
        classes=trained.classes,
        input=facts,
        stride=architecture.score_stride,
        shapes=tuple(size.hw for size in sizes),
        origin=_origin(trained.origin, plan.command),
        accuracy=trained.accuracy,
        golden=GoldenFacts(
            file=golden_file.name, seed=GOLDEN_SEED, tolerance=measured_tolerances(portable, blobs[sizes[0]])
        ),
    )
    write_card(card, plan.file)
    return Exported(card, rewrite_error, rounding_error, partial(scores_of, portable if plan.half else original))


class PlainInput(nn.Module):
    """A network as it was trained, behind the normalisation it was trained with: the reference of every proof."""

    def __init__(self, network: nn.Module, architecture: Architecture) -> None:
        super().__init__()
        self.network = network
        self.mean = torch.tensor(architecture.mean).view(1, 3, 1, 1)
        self.std = torch.tensor(architecture.std).view(1, 3, 1, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scores of pictures (N, 3, H, W), RGB, 0..255."""
        scores: torch.Tensor = self.network((pictures - self.mean) / self.std)
        return scores


def graph_facts(trained: TrainedNetwork) -> dict[str, object]:
    """What the ONNX file says of itself, for readers without the card."""
    architecture = trained.architecture
    return {
        "architecture": architecture.name,
        "classes": ",".join(trained.classes),
        "input": "RGB, 0..255; mean and standard deviation are part of the graph",
        "output": f"scores before softmax, one for {architecture.score_stride}x{architecture.score_stride} pixels",
        "input_multiple": architecture.input_multiple,
        "weights": trained.origin.weights,
        "licences": trained.origin.licences,
    }


def _origin(origin: Origin, command: str) -> Origin:
    return origin if origin.command else origin.model_copy(update={"command": command})


def _worst(scores: dict[Size, Scores], expected: dict[Size, Scores]) -> float:
    return float(np.max([greatest_error(scores[size], expected[size]) for size in expected]))
