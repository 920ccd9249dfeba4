"""Does every engine of this machine give the network's own answer? At every shape, on known, made and real pictures."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal

import numpy as np

from deeplab_cv.engines.candidates import Candidate, candidates_for
from deeplab_cv.engines.choice import Report, to_nobody
from deeplab_cv.engines.engine import Blob, Engine, run_all
from deeplab_cv.engines.golden_check import tolerance_for
from deeplab_cv.engines.trial import load_candidate, try_out
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.frame import Labels, Scores
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.memory import spoiled_memory
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, golden_blob
from deeplab_cv.networks.network import Graph, Network, graph_at, variant_graphs
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.preprocess import blob_of
from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix
from deeplab_cv.tools.reference import enlarged

FLOAT32_LABELS = 0.9999
LESSER_LABELS = 0.995
"""Share of the pixels whose class must be the reference's: in float16 and bfloat16 on real pictures only, where classes
win clearly. An int8 file is held to its own figure on the card alone."""

MADE_SEED = 7
ROUNDS = 3
FIRST_VALUES = 5

Scorer = Callable[[Blob], Scores]


@dataclass(frozen=True)
class Sample:
    """An input and the scores it should give.

    Attributes:
        name: `golden`, `made`, or a picture's name.
        scores: float32 (classes, h, w).
        origin: whose scores these are.
        kind: golden scores are kept as float16, too roughly to hold labels to them; made and real ones are exact.
    """

    name: str
    blob: Blob
    scores: Scores
    origin: str
    kind: Literal["golden", "made", "real"]


@dataclass(frozen=True)
class Finding:
    """How one engine did on one sample.

    Attributes:
        max_error, mean_error: differences from the reference, as shares of its greatest score.
        equal_labels: share of pixels whose class is the reference's, 0..1.
        miou: mean IoU between its labels and the reference's.
        ms: milliseconds an inference takes; the median of three on the first sample.
        first_values: the first scores of the first class, for comparing by hand.
        fault: why it does not pass; empty where it does.
        left_out: why it was not tried; empty where it was.
    """

    backend: str
    precision: str
    input_size: Size
    sample: str
    reference: str
    _: KW_ONLY
    max_error: float = 0.0
    mean_error: float = 0.0
    equal_labels: float = 0.0
    miou: float = 0.0
    ms: float = 0.0
    first_values: tuple[float, ...] = ()
    fault: str = ""
    left_out: str = ""


def verify(
    network: Network,
    backend: str,
    pictures: Sequence[tuple[str, Image]],
    *,
    torch_scores: Scorer | None = None,
    scripted_scores: Scorer | None = None,
    report: Report = to_nobody,
) -> Iterator[Finding]:
    """Run every engine on every sample at every proven input size.

    Args:
        network: the network.
        backend: `auto` for every engine and device, or as --backend takes it.
        pictures: name and picture (H, W, 3), BGR.
        torch_scores: PyTorch's way to compute scores; the reference in place of ONNX Runtime where it is given.
        scripted_scores: TorchScript's way, whose scores are as large as the input.
        report: is told what is being done.

    Raises:
        EngineError: nothing is there to compare with.
    """
    for input_size in network.card.input_sizes:
        report(f"computing what is right at {input_size}")
        graph = graph_at(network, input_size)
        candidates = candidates_for([graph, *variant_graphs(network, graph)], backend)
        try_out(candidates, 0, 1)
        if torch_scores:
            samples = _samples(graph, pictures, "pytorch", torch_scores)
        else:
            with closing(_loaded_reference(graph)) as engine:
                samples = _samples(graph, pictures, "onnxruntime:cpu", _scorer(engine))
        if scripted_scores:
            whole = [replace(sample, scores=enlarged(sample.scores, graph.input_size.hw)) for sample in samples]
            yield from _all_compared("torchscript", "float32", FLOAT32_TOLERANCE, graph, whole, scripted_scores)
        for place, candidate in enumerate(candidates, 1):
            report(f"proving {candidate} at {input_size}, {place} of {len(candidates)}")
            yield from _engine_findings(candidate, samples)


def _samples(graph: Graph, pictures: Sequence[tuple[str, Image]], origin: str, reference: Scorer) -> list[Sample]:
    facts = graph.card.input
    samples = []
    if graph.golden is not None:
        samples.append(Sample("golden", graph.golden.blob, graph.golden.scores, "card", "golden"))
    made = golden_blob(MADE_SEED, graph.input_size, facts)
    samples.append(Sample("made", made, reference(made), origin, "made"))
    for name, picture in pictures:
        blob = blob_of(picture, graph.input_size, facts)
        samples.append(Sample(name, blob, reference(blob), origin, "real"))
    return samples


def _loaded_reference(graph: Graph) -> Engine:
    """ONNX Runtime in float32 on the processor: the engine that follows the ONNX standard to the letter."""
    return load_candidate(Candidate("onnxruntime", "cpu", graph), 0, 1)


def _scorer(engine: Engine) -> Scorer:
    def compute(blob: Blob) -> Scores:
        [inference] = run_all(engine, [blob])
        return inference.scores

    return compute


def _engine_findings(candidate: Candidate, samples: Sequence[Sample]) -> Iterator[Finding]:
    graph, name = candidate.graph, str(candidate)
    try:
        with spoiled_memory():
            engine = load_candidate(candidate, 0, 1)
    except EngineError as error:
        yield Finding(name, "", graph.input_size, "", "", fault=str(error))
        return
    try:
        tolerance = tolerance_for(graph, engine)
    except EngineError as error:
        # The program itself never takes such an engine, so nothing it shows can be wrong.
        yield Finding(name, engine.precision, graph.input_size, "", "", left_out=error.what)
        engine.close()
        return
    try:
        yield from _all_compared(name, engine.precision, tolerance, graph, samples, _scorer(engine))
    except EngineError as error:
        yield Finding(name, engine.precision, graph.input_size, "", "", fault=str(error))
    finally:
        engine.close()


def _all_compared(
    backend: str, precision: str, tolerance: float, graph: Graph, samples: Sequence[Sample], scorer: Scorer
) -> Iterator[Finding]:
    for number, sample in enumerate(samples):
        with spoiled_memory():
            scores = scorer(sample.blob)
        times_ms = []
        for _ in range(1 if number else ROUNDS):
            start = time.perf_counter()
            scorer(sample.blob)
            times_ms.append((time.perf_counter() - start) * 1000)
        yield _compared(backend, precision, tolerance, graph, sample, scores, statistics.median(times_ms))


def _compared(
    backend: str, precision: str, tolerance: float, graph: Graph, sample: Sample, scores: Scores, ms: float
) -> Finding:
    if scores.shape != sample.scores.shape or not np.isfinite(scores).all():
        fault = f"scores are no numbers or of shape {scores.shape}, expected {sample.scores.shape}"
        return Finding(backend, precision, graph.input_size, sample.name, sample.origin, fault=fault)
    greatest = max(float(np.abs(sample.scores).max()), 1e-12)
    error = np.abs(scores - sample.scores) / greatest
    labels, expected = _labels(scores, graph), _labels(sample.scores, graph)
    equal = float((labels == expected).mean())
    wanted = _equal_labels_wanted(precision, sample)
    fault = ""
    if not error.max() <= tolerance:
        fault = f"error {error.max():.1e}, {tolerance:.1e} is allowed"
    elif equal < wanted:
        fault = f"{equal:.3%} of the labels equal, {wanted:.2%} are wanted"
    return Finding(
        backend=backend,
        precision=precision,
        input_size=graph.input_size,
        sample=sample.name,
        reference=sample.origin,
        max_error=float(error.max()),
        mean_error=float(error.mean()),
        equal_labels=equal,
        miou=accuracy(confusion_matrix(expected, labels, len(graph.card.classes))).miou,
        ms=ms,
        first_values=tuple(float(value) for value in scores.ravel()[:FIRST_VALUES]),
        fault=fault,
    )


def _equal_labels_wanted(precision: str, sample: Sample) -> float:
    if precision == "float32" and sample.kind != "golden":
        return FLOAT32_LABELS
    if precision in {"float16", "bfloat16"} and sample.kind == "real":
        return LESSER_LABELS
    return 0.0


def _labels(scores: Scores, graph: Graph) -> Labels:
    return labels_at(scores, graph.input_size, align_corners=graph.card.output.align_corners)
