"""The golden check: an engine's scores for a known input against the network's own, before it may serve.

Released wheels compute wrong scores without a word: OpenCV 5.0's new engine reads outside the tensor for a bilinear
Resize of 1x1 pixels, OpenCV 4 and 5 take any HardSigmoid followed by a product for HardSwish.
"""

from dataclasses import KW_ONLY, dataclass

import numpy as np

from deeplab_cv.engines.engine import Blob, Engine, run_all
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.networks.card import Precision
from deeplab_cv.networks.golden import greatest_error
from deeplab_cv.networks.network import Graph

_UNVERIFIED_TOLERANCE: dict[Precision, float] = {"float32": 1e-3, "float16": 1e-2, "int8": 1e-1}
"""For networks without a card, against ONNX Runtime's scores; bfloat16 only where a card says that it is fine."""

_UNVERIFIED_SEED = 0


@dataclass(frozen=True)
class Reference:
    """An input and the scores it must give.

    Attributes:
        blob: float32 (1, 3, height, width).
        scores: float32 (classes, h, w); None where nobody can tell them.
        origin: whose scores these are: `golden` (the card's), `onnxruntime`, or empty.
    """

    blob: Blob
    scores: Scores | None
    origin: str


@dataclass(frozen=True)
class Proof:
    """How near an engine came to the reference.

    Attributes:
        origin: whose scores it was compared with; empty where there was nothing to compare.
        error: the greatest difference, as a share of the greatest score.
        tolerance: the greatest error allowed.
        equal_labels: share of scores' positions whose winning class is the same, 0..1.
    """

    origin: str
    _: KW_ONLY
    error: float = 0.0
    tolerance: float = 0.0
    equal_labels: float = 1.0


def check(engine: Engine, graph: Graph, reference: Reference) -> Proof:
    """Run the reference input, which also warms the engine up, and compare.

    It runs once alone and once with as many in flight as the engine takes, so that what one run leaves behind for the
    next is seen.

    Raises:
        EngineError: the engine fails, its scores are beyond the tolerance, or its precision is not allowed.
    """
    where = f"{engine.name}:{engine.device} in {engine.precision}"
    alone = list(run_all(engine, [reference.blob]))
    together = list(run_all(engine, [reference.blob] * engine.depth))
    results = [inference.scores for inference in (*alone, *together)]
    classes = len(graph.card.classes)
    for scores in results:
        if (
            scores.ndim != 3
            or len(scores) != classes
            or (reference.scores is not None and scores.shape != reference.scores.shape)
        ):
            expected = (classes, "h", "w") if reference.scores is None else reference.scores.shape
            raise EngineError(
                "the engine's scores have the wrong shape", where, f"expected {expected}, got {scores.shape}"
            )
        if not np.isfinite(scores).all():
            raise EngineError("the engine's scores are not numbers", where, "take another --backend")
    itself = reference.origin == "onnxruntime" and engine.name == "onnxruntime" and engine.device == "cpu"
    if reference.scores is None or itself:
        return Proof("")
    proofs = [_compared(scores, reference.scores, reference.origin, tolerance_for(graph, engine)) for scores in results]
    worst = max(proofs, key=lambda proof: proof.error)
    if worst.error > worst.tolerance:
        raise EngineError(
            "the engine's scores are wrong",
            where,
            f"error {worst.error:.2g} of the greatest score where {worst.tolerance:.2g} is allowed, "
            f"{worst.equal_labels:.1%} of the labels equal: take another --backend",
        )
    return worst


def tolerance_for(graph: Graph, engine: Engine) -> float:
    """The error allowed: that of the file where it is quantised, else that of the engine's precision.

    Raises EngineError where the precision is not allowed.
    """
    card = graph.card
    variant = next((variant for variant in card.variants if variant.sha256 == graph.sha256), None)
    if variant is not None and variant.tolerance is not None:
        return variant.tolerance
    allowed = _UNVERIFIED_TOLERANCE if card.golden is None else card.golden.tolerance
    # An engine without int8 computes a quantised file in float32, as roughly as it was quantised.
    needed = engine.precision if graph.precision == "float32" else graph.precision
    for precision, tolerance in allowed.items():
        if precision == needed:
            return tolerance
    raise EngineError(
        f"{needed} is not precise enough",
        f"{card.name} on {engine.name}:{engine.device}",
        f"allowed: {', '.join(allowed)}{' (on its card)' if card.golden else ' (without a card)'}",
    )


def _compared(scores: Scores, expected: Scores, origin: str, tolerance: float) -> Proof:
    error = greatest_error(scores, expected)
    equal_labels = float((scores.argmax(axis=0) == expected.argmax(axis=0)).mean())
    return Proof(origin, error=error, tolerance=tolerance, equal_labels=equal_labels)
