"""What a rewritten network is held to: ONNX Runtime in float32 on the processor, with scores brought to one size."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from deeplab_cv.frames.frame import Scores
from deeplab_cv.machine.processor import usable_cores


def reference_session(network: Path | onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A network, as a file or as a model, in the engine that follows the ONNX standard to the letter."""
    options = onnxruntime.SessionOptions()
    # Left to itself it counts the machine's cores, not those that this process may use.
    options.intra_op_num_threads = usable_cores()
    # Failures are raised; what it warns of is of no use to who has a network rewritten.
    options.log_severity_level = 4
    source = str(network) if isinstance(network, Path) else network.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def enlarged(scores: Scores, size: tuple[int, int], *, align_corners: bool = False) -> Scores:
    """Scores (classes, h, w) interpolated bilinearly to height and width, as torchvision's networks end."""
    height, width = size
    rows = _weights(height, scores.shape[1], align_corners=align_corners)
    columns = _weights(width, scores.shape[2], align_corners=align_corners)
    whole: Scores = rows @ scores.astype(np.float32) @ columns.T
    return whole


def _weights(pixels: int, scores: int, *, align_corners: bool) -> NDArray[np.float32]:
    """How much each score adds to each pixel along one axis: (pixels, scores), of which two a row are not zero."""
    index = np.arange(pixels)
    if align_corners:
        position = index * ((scores - 1) / max(pixels - 1, 1))
    else:
        position = ((index + 0.5) * scores / pixels - 0.5).clip(0, scores - 1)
    before = np.floor(position).astype(np.intp).clip(0, max(scores - 2, 0))
    weights = np.zeros((pixels, scores), np.float32)
    weights[index, before] = 1 - (position - before)
    if scores > 1:
        weights[index, before + 1] = position - before
    return weights
