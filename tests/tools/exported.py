"""Networks with random weights, exported small, and every engine of this machine's processor."""

import importlib
from pathlib import Path

from deeplab_cv.card import Shape
from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.engines import Engine
from deeplab_cv.network import graph_for, open_network
from deeplab_cv.tools.export import Exported, ExportPlan, export
from deeplab_cv.tools.exporting.weights import random_weights

PROCESSOR_ENGINES = (("opencv", "cpu"), ("opencv", "cpu_new"), ("onnxruntime", "cpu"), ("openvino", "cpu"))


def random_export(name: str, file: Path, *, pixels: int = 96, half: bool = False, opset: int = 13) -> Exported:
    """Export an architecture with random weights, every layer at work."""
    plan = ExportPlan(file=file, pixels=pixels, half=half, opset=opset, command="")
    return export(random_weights(name, VOC_CLASSES, seed=1), plan)


def load_engine(name: str, device: str, file: Path, shape: Shape) -> Engine:
    """An engine with the network at one of its shapes."""
    graph = graph_for(open_network(file), shape[::-1])
    engine: Engine = importlib.import_module(f"deeplab_cv.engines.{name}").load(graph, device, 2, 1, lambda _: None)
    return engine
