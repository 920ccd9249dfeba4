from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from deeplab_cv.engines.engine import Blob
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.golden import golden_picture
from deeplab_cv.tools.quantising.biases import correct_biases
from deeplab_cv.tools.quantising.quantiser import Calibration, input_of, quantised_file, write_float32
from tests.tiny_networks import tiny_network

STEPS = 400
"""How far a bias is moved: a few times what 8 bits of the scores can tell."""


def channel_means(file: Path, blobs: list[Blob]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    scores = [session.run(None, {session.get_inputs()[0].name: blob})[0] for blob in blobs]
    means: NDArray[np.float32] = np.mean(scores, axis=(0, 1, 3, 4))
    return means


def test_a_channel_that_is_off_on_the_average_comes_back_to_the_float_networks_mean(tmp_path: Path) -> None:
    file = tiny_network(tmp_path)
    network = write_float32(file, tmp_path / "float.onnx")
    calibration = Calibration(read_card(file), [golden_picture(seed, Size(128, 96)) for seed in range(4)], False)
    int8 = quantised_file(network, tmp_path / "int8.onnx", calibration)
    blobs = [input_of(calibration.card, picture) for picture in calibration.pictures]
    model = onnx.load(int8)
    (convolution,) = [node for node in model.graph.node if node.op_type == "Conv"]
    (maker,) = [node for node in model.graph.node if convolution.input[2] in node.output]
    (bias,) = [tensor for tensor in model.graph.initializer if tensor.name == maker.input[0]]
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + STEPS, bias.name))
    onnx.save(model, str(int8))
    wanted = channel_means(network, blobs)
    moved = np.abs(channel_means(int8, blobs) - wanted).max()

    correct_biases(network, int8, blobs)

    assert np.abs(channel_means(int8, blobs) - wanted).max() < moved / 10
