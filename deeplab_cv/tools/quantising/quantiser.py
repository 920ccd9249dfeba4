"""ONNX Runtime's static quantiser: QDQ, per channel, ranges from frames; then biases corrected with some of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.qdq_loss_debug import (
    collect_activations,
    compute_activation_error,
    create_activation_matching,
    modify_model_output_intermediate_tensors,
)

from deeplab_cv.engines.engine import Blob
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import Card
from deeplab_cv.networks.network import nearest_size
from deeplab_cv.networks.onnx_graph import store_float32
from deeplab_cv.segmentation.preprocess import blob_of
from deeplab_cv.tools.quantising.biases import correct_biases
from deeplab_cv.tools.quantising.sixteen_bits import scales_within_16_bits

FRAMES_TO_RANK_WITH = 4
FRAMES_TO_CORRECT_WITH = 16


@dataclass(frozen=True)
class Calibration:
    """The frames whose activations set the ranges.

    Attributes:
        card: the network's card: shapes and input.
        pictures: uint8 (H, W, 3), BGR.
        reduce_range: weights whose pairs of products fit 16 bits (`sixteen_bits`), for processors that sum in those.
    """

    card: Card
    pictures: Sequence[Image]
    reduce_range: bool


def write_float32(network_file: Path, file: Path) -> Path:
    """Write the network as the rest of this file reads it: weights in float32, and a name for every node."""
    model = onnx.load(network_file)
    store_float32(model)
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type} {number}"
    onnx.save(model, str(file))
    return file


def input_of(card: Card, picture: Image) -> Blob:
    """A picture as the network's input, at the proven shape nearest to its aspect."""
    return blob_of(picture, nearest_size(card.input_sizes, Size.of(picture)), card.input)


def quantised_file(float_file: Path, file: Path, calibration: Calibration, left_float: Sequence[str] = ()) -> Path:
    """Write the int8 form of a float32 network; the nodes named in `left_float` stay as they are."""
    scales = scales_within_16_bits(float_file, left_float) if calibration.reduce_range else {}
    # The quantiser advises preparations that the exporter has already made.
    logging.getLogger().addFilter(_is_no_advice)
    try:
        quantize_static(
            str(float_file),
            str(file),
            _Inputs(calibration.card, calibration.pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=calibration.reduce_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=list(left_float),
            extra_options={"TensorQuantOverrides": scales} if scales else None,
        )
    finally:
        logging.getLogger().removeFilter(_is_no_advice)
    pictures = calibration.pictures[:FRAMES_TO_CORRECT_WITH]
    correct_biases(float_file, file, [input_of(calibration.card, picture) for picture in pictures])
    return file


def sensitive_layers(float_file: Path, int8_file: Path, calibration: Calibration) -> list[str]:
    """Names of the convolutions, those first whose own outputs lose most when they are rounded to 8 bits."""
    folder = float_file.parent
    with_outputs = []
    for file in (float_file, int8_file):
        target = folder / f"{file.stem}-activations.onnx"
        modify_model_output_intermediate_tensors(str(file), str(target))
        with_outputs.append(target)
    pictures = calibration.pictures[:FRAMES_TO_RANK_WITH]
    activations = [collect_activations(str(target), _Inputs(calibration.card, pictures)) for target in with_outputs]
    errors = compute_activation_error(create_activation_matching(activations[1], activations[0]))
    # SQNR in decibels of each activation against its rounded self: the lower, the more is lost.
    noise = {name: float(error["qdq_err"]) for name, error in errors.items()}
    convolutions = [node for node in onnx.load(float_file).graph.node if node.op_type == "Conv"]
    ranked = sorted((node for node in convolutions if node.output[0] in noise), key=lambda node: noise[node.output[0]])
    return [node.name for node in ranked]


class _Inputs(CalibrationDataReader):  # type: ignore[misc]
    """Hands the quantiser one input after another."""

    def __init__(self, card: Card, pictures: Sequence[Image]) -> None:
        self.card = card
        self.pictures = iter(pictures)

    def get_next(self) -> dict[str, Blob] | None:
        picture = next(self.pictures, None)
        return None if picture is None else {self.card.input.name: input_of(self.card, picture)}


def _is_no_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
