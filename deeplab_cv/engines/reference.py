"""What an engine's scores are compared with."""

from contextlib import closing

from deeplab_cv.engines.candidates import Candidate
from deeplab_cv.engines.engine import run_all
from deeplab_cv.engines.golden_check import Reference
from deeplab_cv.engines.trial import load_candidate
from deeplab_cv.errors import EngineError
from deeplab_cv.networks.golden import golden_blob
from deeplab_cv.networks.network import Graph

_UNVERIFIED_SEED = 0


def reference_for(graph: Graph) -> Reference:
    """The card's golden sample, or ONNX Runtime's scores for a picture of our own where the card has none."""
    if graph.golden is not None:
        return Reference(graph.golden.blob, graph.golden.scores, "golden")
    blob = golden_blob(_UNVERIFIED_SEED, graph.input_size, graph.card.input)
    try:
        with closing(load_candidate(Candidate("onnxruntime", "cpu", graph), 0, 1)) as engine:
            [inference] = run_all(engine, [blob])
    except EngineError:
        return Reference(blob, None, "")
    return Reference(blob, inference.scores, "onnxruntime")
