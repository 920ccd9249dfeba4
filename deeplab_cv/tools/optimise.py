"""What rewriting a network's wide dilated convolutions brings on this machine, and proof that it changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import onnx
import onnxruntime

from deeplab_cv.card import Shape, golden_blob
from deeplab_cv.engines import Blob
from deeplab_cv.errors import NetworkError
from deeplab_cv.frame import Scores
from deeplab_cv.network import Graph, Network, graph_for, rewritten_graph
from deeplab_cv.tools.arithmetic import gmac
from deeplab_cv.tools.exporting.golden import FLOAT32_TOLERANCE, greatest_error
from deeplab_cv.tools.racing import Race, race

PLAIN, SLICES = "plain", "slices"
PROOF_SEED = 3


@dataclass(frozen=True)
class Optimised:
    """Plain and rewritten graph of one shape.

    Attributes:
        gmac: billions of multiplications, plain and rewritten.
        error: greatest difference on a random picture, as a share of the greatest score.
        races: times of both on each engine.
    """

    shape: Shape
    gmac: tuple[float, float]
    error: float
    races: tuple[Race, ...]


def optimise(network: Network, backend: str) -> Iterator[Optimised]:
    """Rewrite, prove and time a network at each of its shapes; shapes where nothing is worth rewriting are left out.

    Raises:
        NetworkError: a rewritten graph does not give the same scores.
    """
    for shape in network.card.shapes:
        plain = graph_for(network, shape[::-1])
        rewritten = rewritten_graph(plain)
        if rewritten is None:
            continue
        blob = golden_blob(PROOF_SEED, shape, network.card.input)
        error = greatest_error(*(_scores(graph, blob) for graph in (rewritten, plain)))
        if error > FLOAT32_TOLERANCE:
            raise NetworkError(f"the rewritten graph is off by {error:.1e}", plain.file, "this should not happen")
        counts = gmac(onnx.load(plain.file)), gmac(onnx.load(rewritten.file))
        yield Optimised(shape, counts, error, tuple(race({PLAIN: plain, SLICES: rewritten}, backend)))


def _scores(graph: Graph, blob: Blob) -> Scores:
    session = onnxruntime.InferenceSession(str(graph.file), providers=["CPUExecutionProvider"])
    scores: Scores = session.run([graph.card.output.name], {graph.card.input.name: blob})[0][0]
    return scores
