"""Networks with random weights, exported small, and every engine of this machine's processor."""

import importlib
from pathlib import Path

import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.engines.engine import Engine
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import graph_for
from deeplab_cv.networks.opening import open_network
from deeplab_cv.pytorch.export import Exported, ExportPlan, export
from deeplab_cv.pytorch.exporting.weights import random_weights

PROCESSOR_ENGINES = (("opencv", "cpu"), ("opencv", "cpu_new"), ("onnxruntime", "cpu"), ("openvino", "cpu"))


def random_export(name: str, file: Path, *, pixels: int = 96, half: bool = False, opset: int = 13) -> Exported:
    """Export an architecture with random weights, every layer at work."""
    plan = ExportPlan(file=file, pixels=(pixels,), half=half, opset=opset, command="")
    return export(random_weights(name, VOC_CLASSES, seed=1), plan)


def load_engine(name: str, device: str, file: Path, input_size: Size) -> Engine:
    """An engine with the network at one of its sizes; skips where this machine has none, fails where it refuses."""
    module = importlib.import_module(f"deeplab_cv.engines.{name}")
    if (reason := module.why_not(device)) is not None:
        pytest.skip(str(reason))
    engine: Engine = module.load(graph_for(open_network(file), input_size), device, threads=2, depth=1)
    return engine


def has_engine(name: str, device: str) -> bool:
    """Whether this machine has an engine's device."""
    return device in importlib.import_module(f"deeplab_cv.engines.{name}").devices()
