"""What the tests of all engines share."""

from typing import Any

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from deeplab_cv.engines.candidates import engine_module
from deeplab_cv.engines.engine import Blob, Engine
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.networks.network import Graph

FLOAT32 = ("opencv:cpu", "opencv:cpu_new", "onnxruntime:cpu", "openvino:cpu")
"""The devices that every machine has, if the package is installed."""


def load_or_skip(backend: str, graph: Graph, **options: Any) -> Engine:
    """The engine, or a skip with the reason where this installation has no such thing."""
    name, _, device = backend.partition(":")
    try:
        module = engine_module(name)
    except EngineError as error:
        pytest.skip(str(error))
    if device not in module.devices():
        pytest.skip(f"this {name} has no {device}")
    settings = {"threads": 0, "depth": 1} | options
    engine: Engine = module.load(graph, device, **settings)
    return engine


def random_blob(graph: Graph, seed: int) -> Blob:
    """A blob of noise, 0..255."""
    return np.random.RandomState(seed).uniform(0, 255, (1, 3, *graph.input_size.hw)).astype(np.float32)


def true_scores(graph: Graph, blob: Blob) -> Scores:
    """The network's scores by ONNX's own definition of each operator."""
    scores: Scores = ReferenceEvaluator(str(graph.file)).run(None, {"input": blob})[0][0]
    return scores
