"""PyTorch -> ONNX of one fixed size, as the LabVIEW article on DeepLabV3 wants it: `input` -> `output`, `aux`."""

import copy
import logging
from pathlib import Path

import torch

from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.card import Card, GoldenFacts, InputFacts, card_name, write_card
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, GOLDEN_SEED, golden_blob, greatest_error, write_golden
from deeplab_cv.networks.onnx_graph import save_graph
from deeplab_cv.pytorch.exporting.full_network import FixedSizeScores, full_network
from deeplab_cv.pytorch.exporting.golden import measured_tolerances
from deeplab_cv.pytorch.exporting.graph import traced
from deeplab_cv.pytorch.exporting.portable import fold_batch_normalisation, split_image_pooling
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork

_log = logging.getLogger(__name__)


def export_fixed(trained: TrainedNetwork, file: Path, size: int, *, with_aux: bool, opset: int, command: str) -> Card:
    """Write a network for size x size pixels: normalised RGB in, scores of that size out; with card and golden scores.

    Its image pooling is written as in our own form, since OpenCV 5.0 computes torchvision's wrongly.

    Raises:
        UsageError: the size is no multiple of the network's stride, or there is no auxiliary head.
        NetworkError: a rewritten network does not give the same scores.
    """
    architecture = trained.architecture
    if architecture.name == "deeplabv3_lite":
        raise UsageError("--size is for torchvision's networks", architecture.name, "leave it out")
    if size < 2 * architecture.input_multiple or size % architecture.input_multiple:
        raise UsageError("the size is no multiple of the stride", size, f"take {architecture.input_multiple} x N")
    facts = InputFacts(mean=architecture.mean, std=architecture.std, padding=architecture.mean)
    blob = golden_blob(GOLDEN_SEED, Size(size, size), facts)
    original = FixedSizeScores(full_network(trained, with_aux=with_aux), size).eval()
    portable = copy.deepcopy(original).double()
    split_image_pooling(portable)
    fold_batch_normalisation(portable)
    portable = portable.float().eval()
    _log.info("computing the network's scores at %d x %d, as it was trained and in its portable form", size, size)
    with torch.inference_mode():
        expected = [scores[0].numpy() for scores in original(torch.from_numpy(blob))]
        rewritten = [scores[0].numpy() for scores in portable(torch.from_numpy(blob))]
    error = max(greatest_error(scores, wanted) for scores, wanted in zip(rewritten, expected, strict=True))
    if error > FLOAT32_TOLERANCE:
        raise NetworkError(f"the rewritten network is off by {error:.1e}", file, "this should not happen")
    names = ("output", "aux")[: len(expected)]
    file.parent.mkdir(parents=True, exist_ok=True)
    _log.info("writing the ONNX file")
    model = traced(portable, torch.from_numpy(blob), opset=opset, outputs=names)
    save_graph(model, file, {"architecture": architecture.name, "input": "RGB, (x - mean) / std"})
    golden_file = file.with_suffix(".golden.npz")
    write_golden(golden_file, {Size(size, size): expected[0]})
    _log.info("measuring how far lower precisions may be off")
    tolerance = measured_tolerances(lambda pictures: portable(pictures)[0], blob)
    card = Card(
        name=card_name(file),
        file=file.name,
        sha256=file_hash(file),
        architecture=architecture.name,
        classes=trained.classes,
        input=facts,
        stride=1,
        shapes=((size, size),),
        origin=trained.origin.model_copy(update={"command": trained.origin.command or command}),
        accuracy=trained.accuracy,
        golden=GoldenFacts(file=golden_file.name, seed=GOLDEN_SEED, tolerance=tolerance),
    )
    write_card(card, file)
    return card
