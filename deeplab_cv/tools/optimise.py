"""What can be taken out of a network, and what it brings on this machine; proof that no step changes a score."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from deeplab_cv.engines.candidates import candidates_for
from deeplab_cv.engines.trial import check_it_runs
from deeplab_cv.errors import NetworkError
from deeplab_cv.frames.frame import Scores
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash, private_folder, whole_file
from deeplab_cv.networks.card import Card, GoldenFacts, Precision, write_card
from deeplab_cv.networks.golden import FLOAT32_TOLERANCE, GOLDEN_SEED, golden_blob, greatest_error, write_golden
from deeplab_cv.networks.network import Graph, Network, graph_at, rewritten_graph
from deeplab_cv.networks.onnx_file import load_onnx
from deeplab_cv.networks.onnx_graph import save_graph, simplified
from deeplab_cv.networks.output_form import cut_after_scores
from deeplab_cv.tools.arithmetic import gmac
from deeplab_cv.tools.engine_times import EngineTimes, times_on_engines
from deeplab_cv.tools.folding import fold_normalisation
from deeplab_cv.tools.reference import enlarged, reference_session
from deeplab_cv.tools.repair import HALF_TOLERANCE, inferred

BEFORE, AFTER = "before", "after"
CUT, FOLDED, SLICES = "last upsampling cut", "mean and std inside", "dilated convolutions as slices"
PROOF_SEED = 3


@dataclass(frozen=True)
class Step:
    """One rewrite at one input size.

    Attributes:
        name: what was done.
        gmac: billions of multiplications, before and after.
        error: greatest difference on a random picture, as a share of the greatest score.
        times: of both on each engine.
    """

    name: str
    input_size: Size
    gmac: tuple[float, float]
    error: float
    times: tuple[EngineTimes, ...]


def optimise(network: Network, backend: str, target: Path) -> Iterator[Step]:
    """Rewrite, prove and time a network, step by step, at each input size; steps that change nothing are left out.

    What is left of the network without its last upsampling and with mean and std inside is written to `target` with a
    card, where there was either to do. The graph with slices is not: the program makes it by itself and takes it
    wherever it is faster (`network.rewritten_graph`).

    Raises:
        UsageError: there is no such engine.
        NetworkError: a rewritten graph does not give the same scores.
    """
    # Asked for before anything is rewritten, and also where nothing is.
    candidates_for([graph_at(network, network.card.input_sizes[0])], backend)
    check_it_runs([graph_at(network, each) for each in network.card.input_sizes])
    with private_folder() as folder:
        shorter = _without_upsampling(network, folder / "cut" / target.name)
        if shorter is not None:
            yield from _steps(CUT, network, shorter, backend)
        folded = _with_normalisation_inside(shorter or network, folder / "folded" / target.name)
        if folded is not None:
            yield from _steps(FOLDED, shorter or network, folded, backend)
        last = folded or shorter or network
        for input_size in last.card.input_sizes:
            graph = graph_at(last, input_size)
            rewritten = rewritten_graph(graph)
            if rewritten is not None:
                yield _step(SLICES, graph, rewritten, backend)
        if last is not network:
            _move(last, target)


def _without_upsampling(network: Network, file: Path) -> Network | None:
    """The network with scores at the head's own stride; None where it has them already."""
    model = load_onnx(network.file)
    cut = cut_after_scores(model, len(network.card.classes))
    if not cut.words:
        return None
    aligned = network.card.output.align_corners if cut.align_corners is None else cut.align_corners
    card = network.card.model_copy(
        update={"output": network.card.output.model_copy(update={"name": "output", "align_corners": aligned})}
    )
    return _written(simplified(inferred(model, network.named)), card, file, network.named)


def _with_normalisation_inside(network: Network, file: Path) -> Network | None:
    """The network with mean and std as part of it; None where they are, or cannot be."""
    facts = network.card.input
    if facts.mean is None and facts.std is None:
        return None
    model = load_onnx(network.file)
    if not fold_normalisation(model, facts.mean or (0, 0, 0), facts.std or (1, 1, 1)):
        return None
    inside = facts.model_copy(update={"mean": None, "std": None, "padding": facts.mean or (0, 0, 0)})
    card = network.card.model_copy(update={"input": inside})
    return _written(simplified(inferred(model, network.named)), card, file, network.named)


def _written(model: onnx.ModelProto, card: Card, file: Path, named: Path) -> Network:
    """A rewritten network with its card and golden scores, which are ONNX Runtime's; each step is proven besides."""
    file.parent.mkdir(parents=True)
    save_graph(model, file, {entry.key: entry.value for entry in model.metadata_props})
    session = reference_session(file)
    golden = {each: _run(session, card, each, GOLDEN_SEED) for each in card.input_sizes}
    write_golden(file.with_suffix(".golden.npz"), golden)
    unproven: dict[Precision, float] = {"float32": FLOAT32_TOLERANCE, "float16": HALF_TOLERANCE}
    tolerance = card.golden.tolerance if card.golden else unproven
    input_size, scores = next(iter(golden.items()))
    card = card.model_copy(
        update={
            "name": file.stem,
            "file": file.name,
            "sha256": file_hash(file),
            "stride": max(1, round(input_size.height / scores.shape[1])),
            "golden": GoldenFacts(file=f"{file.stem}.golden.npz", seed=GOLDEN_SEED, tolerance=tolerance),
            "variants": (),
        }
    )
    write_card(card, file)
    return Network(file, card, named=named, verified=True, symbolic=len(card.input_sizes) > 1)


def _steps(name: str, before: Network, after: Network, backend: str) -> Iterator[Step]:
    for input_size in before.card.input_sizes:
        yield _step(name, graph_at(before, input_size), graph_at(after, input_size), backend)


def _step(name: str, before: Graph, after: Graph, backend: str) -> Step:
    scores, expected = (_scores(graph) for graph in (after, before))
    if scores.shape[1:] != expected.shape[1:]:
        scores = enlarged(scores, (expected.shape[1], expected.shape[2]), align_corners=after.card.output.align_corners)
    error = greatest_error(scores, expected)
    if error > FLOAT32_TOLERANCE:
        raise NetworkError(f"{name}: the rewritten graph is off by {error:.1e}", before.named, "this should not happen")
    counts = gmac(onnx.load(before.file)), gmac(onnx.load(after.file))
    times = times_on_engines({BEFORE: before, AFTER: after}, backend)
    return Step(name, before.input_size, counts, error, tuple(times))


def _scores(graph: Graph) -> Scores:
    return _run(reference_session(graph.file), graph.card, graph.input_size, PROOF_SEED)


def _run(session: onnxruntime.InferenceSession, card: Card, input_size: Size, seed: int) -> Scores:
    blob = golden_blob(seed, input_size, card.input)
    scores: Scores = np.asarray(session.run([card.output.name], {card.input.name: blob})[0][0], np.float32)
    return scores


def _move(network: Network, target: Path) -> None:
    """Put a network's three files beside each other at their final place, the card last."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".onnx", ".golden.npz", ".card.yaml"):
        with whole_file(target.with_suffix(suffix)) as temporary:
            temporary.write_bytes(network.file.with_suffix(suffix).read_bytes())
