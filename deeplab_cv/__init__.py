"""Live semantic segmentation of video with DeepLabV3, on OpenCV DNN, ONNX Runtime and OpenVINO."""

import os

__version__ = "0.1.0"

# OpenCV reads these when it is imported, so they stand where everything begins. Windows: opening a camera takes 10 to
# 60 s with hardware transforms (opencv 17687). Linux: a camera that gives nothing keeps a read for 10 s.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
