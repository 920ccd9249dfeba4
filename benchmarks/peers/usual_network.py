"""Writes torchvision's DeepLabV3-MobileNetV3 as torch.onnx.export leaves it, with random weights, which cost the same.

python usual_network.py OUT.onnx [448]
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.pytorch.exporting.full_network import FixedSizeScores, full_network
from deeplab_cv.pytorch.exporting.weights import random_weights

file, size = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 448
trained = random_weights("deeplabv3_mobilenet_v3_large", VOC_CLASSES, seed=0)
plain = FixedSizeScores(full_network(trained), size).eval()
torch.onnx.export(
    plain,
    (torch.zeros(1, 3, size, size),),
    file,
    opset_version=13,
    input_names=["input"],
    output_names=["output"],
    dynamo=False,
)
