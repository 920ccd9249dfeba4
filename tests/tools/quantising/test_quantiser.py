from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.golden import golden_picture
from deeplab_cv.tools.quantising.quantiser import Calibration, quantised_file, write_float32
from tests.tiny_networks import tiny_network


def test_a_reduced_range_leaves_eight_bits_to_weights_whose_pairs_fit_16(tmp_path: Path) -> None:
    # A channel's weights are 8, -4, -4: the two of one sign are together no larger than the third.
    file = tiny_network(tmp_path)
    network = write_float32(file, tmp_path / "float.onnx")
    calibration = Calibration(read_card(file), [golden_picture(0, Size(128, 96))], reduce_range=True)

    graph = onnx.load(quantised_file(network, tmp_path / "int8.onnx", calibration)).graph

    (kernel,) = [numpy_helper.to_array(tensor) for tensor in graph.initializer if len(tensor.dims) == 4]
    assert kernel.dtype == np.int8
    assert kernel.max() == 127
