"""Live semantic segmentation of video with DeepLabV3, on OpenCV DNN, ONNX Runtime and OpenVINO."""

__version__ = "0.1.0"
