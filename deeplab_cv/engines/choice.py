"""Which engine runs a network: the one asked for, or the fastest that is right."""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from deeplab_cv.engines.candidates import Candidate, CandidateResult, broken_engines, candidates_for
from deeplab_cv.engines.engine import Blob, Engine
from deeplab_cv.engines.golden_check import Proof, Reference, check
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.remembered import question_of, recall, remember
from deeplab_cv.engines.timing import frame_ms, in_turns
from deeplab_cv.engines.trial import load_candidate, try_out
from deeplab_cv.errors import EngineError
from deeplab_cv.machine.memory import return_free_memory, spoiled_memory
from deeplab_cv.machine.program import program
from deeplab_cv.networks.network import Graph

_log = logging.getLogger(__name__)

_ROUNDS = 9
_COMPARED_S = 3.0
_HOPELESS = 1.5
"""Two are compared no longer where the best time of one is this many times that of the other."""

_SLOW_MS, _PATIENCE_S = 1000.0, 5.0
"""Where a frame takes longer than the one, a race of float32 on the processor ends after the other: each further engine
takes long to load, to prove and to time, and they differ by less than two times there. Where trying a new network on
one engine takes as long, it is tried on each other only when that is needed."""

ANY_ENGINE = EngineOptions()
"""The fastest that is right."""

Report = Callable[[str], None]
"""Is told in a few words what is being done now, by whichever thread does it."""


def to_nobody(_: str) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True)
class Choice:
    """The engine chosen, and what became of everything that was tried for it.

    Attributes:
        engine: loaded and proven.
        candidate: what was loaded.
        results: the fastest first, then those refused; empty where the choice was remembered from an earlier start.
    """

    engine: Engine
    candidate: Candidate
    results: tuple[CandidateResult, ...]


@dataclass(frozen=True)
class _Proven:
    candidate: Candidate
    engine: Engine
    proof: Proof

    def result(self, ms: float) -> CandidateResult:
        return CandidateResult(
            self.candidate,
            reason="",
            proof=self.proof,
            ms=ms,
            precision=self.engine.precision,
            threads=self.engine.threads,
        )


def open_engine(graphs: Sequence[Graph], options: EngineOptions = ANY_ENGINE, *, depth: int = 1) -> Engine:
    """Load an engine that has been proven right; see `choose`."""
    return choose(graphs, options, depth=depth).engine


def choose(
    graphs: Sequence[Graph], options: EngineOptions = ANY_ENGINE, *, depth: int = 1, report: Report = to_nobody
) -> Choice:
    """Load the fastest engine that is right, among those that are asked for.

    They are compared once on a machine; later starts load the winner alone. Its golden check is run at every start.
    Where loading takes long or a choice was made, a line is logged.

    Args:
        graphs: the network's graph of one shape, then its variants (`graph_for`, `variant_graphs`).
        options: what is asked for.
        depth: tensors wanted in flight; an engine may take fewer.
        report: is told how far the race is.

    Raises:
        UsageError: there is no such engine.
        EngineError: what was asked for does not work, with the reason.
    """
    report("loading the engine")
    question = question_of(graphs, options, depth=depth)
    known = recall(question, graphs)
    if known is not None:
        # What has become wrong since, by an update or a worn-out driver, is found out and replaced.
        with contextlib.suppress(EngineError):
            return Choice(_load(known, reference_for(graphs[0]), options, depth).engine, known, ())
    candidates = candidates_for(graphs, options.backend)
    try_out(candidates, options.threads, depth, patience_s=_PATIENCE_S)
    reference = reference_for(graphs[0])
    if len(candidates) == 1:
        return Choice(_load(candidates[0], reference, options, depth).engine, candidates[0], ())
    _log.info("%s, this once", _what_is_raced(candidates))
    results, engine = compare(candidates, reference, options, depth=depth, report=report, hurried=True)
    if engine is None:
        others = f", and {len(results) - 1} more" if len(results) > 1 else ""
        cause = f"{results[0].candidate}: {results[0].reason}{others}"
        remedy = f"look at `{program()} doctor`"
        raise EngineError("no engine runs the network right", graphs[0].named, remedy, cause=cause)
    winner = results[0].candidate
    if broken := broken_engines():
        _log.warning("the choice is not remembered: %s", "; ".join(broken))
    else:
        remember(question, winner, results)
    working = sum(not result.reason for result in results)
    _log.info("%s is the fastest of %d that are right: %.1f ms a frame", winner, working, results[0].ms)
    if left_out := len(candidates) - len(results):
        _log.info("%d more are left out, as each takes long to try; `%s doctor` tries all", left_out, program())
    return Choice(engine, winner, tuple(results))


def _what_is_raced(candidates: Sequence[Candidate]) -> str:
    (backend, *others) = {candidate.backend for candidate in candidates}
    if others:
        return "finding the fastest engine that is right on this machine"
    return f"trying {len(candidates)} forms of the network on {backend}"


def compare(
    candidates: Sequence[Candidate],
    reference: Reference,
    options: EngineOptions = ANY_ENGINE,
    *,
    depth: int = 1,
    report: Report = to_nobody,
    hurried: bool = False,
) -> tuple[list[CandidateResult], Engine | None]:
    """Load, prove and time every candidate, each beside the fastest so far; the slower of the two is closed at once.

    So no more than two are ever loaded: all of them together take more memory than a run.

    Args:
        candidates: what is compared, those that are usually fastest first.
        reference: what they are held to.
        options: what is asked of them.
        depth: tensors wanted in flight.
        report: is told how far the race is.
        hurried: somebody waits for the first picture: where a frame takes seconds, what gains little is left out.

    Returns:
        What came of each, the fastest first, then those refused; and the fastest, still loaded, None where none works.
    """
    refused: list[CandidateResult] = []
    ranking: list[tuple[float, _Proven]] = []
    begun_at = time.monotonic()
    for place, candidate in enumerate(candidates, 1):
        if hurried and time.monotonic() - begun_at > _PATIENCE_S and _gains_little(candidate, ranking):
            continue
        report(f"choosing an engine, {place} of {len(candidates)}: {candidate}")
        # Free what graph making or the previous engine left.
        return_free_memory()
        try:
            loaded = _load(candidate, reference, options, depth)
        except EngineError as error:
            refused.append(_refusal(candidate, error))
            continue
        first_ms = math.inf
        try:
            first_ms = _timed(loaded, reference.blob)
            if not ranking:
                ranking = [(first_ms, loaded)]
                continue
            fastest = ranking[0][1]
            best_ms = _best_ms(fastest, loaded, reference.blob, _COMPARED_S / len(candidates))
        except _OutOfRaceError as out:
            out.failed.engine.close()
            refused.append(_refusal(out.failed.candidate, out.error))
            if out.failed is not loaded:
                # Those it had beaten are closed already: whoever is left leads.
                ranking = [(first_ms, loaded), *((max(ms, first_ms), each) for ms, each in ranking[1:])]
            continue
        ranking = _ranked(ranking, loaded, *best_ms)
        slower = fastest if ranking[0][1] is loaded else loaded
        slower.engine.close()
    return_free_memory()
    results = [loaded.result(ms) for ms, loaded in ranking]
    return [*results, *refused], ranking[0][1].engine if ranking else None


def _gains_little(candidate: Candidate, ranking: Sequence[tuple[float, _Proven]]) -> bool:
    """One that works takes seconds a frame, and this one computes in float32 on the processor or is another form."""
    in_full = candidate.device in ("cpu", "cpu_new") and candidate.graph.precision == "float32"
    on_processor = candidate.device.startswith("cpu")
    return bool(ranking) and ranking[0][0] > _SLOW_MS and (in_full or (on_processor and bool(candidate.graph.form)))


def _load(candidate: Candidate, reference: Reference, options: EngineOptions, depth: int) -> _Proven:
    with spoiled_memory():
        engine = load_candidate(candidate, options.threads, depth)
        try:
            proof = check(engine, candidate.graph, reference)
        except BaseException:
            engine.close()
            raise
    return _Proven(candidate, engine, proof)


def _refusal(candidate: Candidate, error: EngineError) -> CandidateResult:
    return CandidateResult(candidate, reason=str(error))


class _OutOfRaceError(Exception):
    """An engine fails that has been proven, such as for want of a graphics card's memory."""

    def __init__(self, failed: _Proven, error: EngineError) -> None:
        super().__init__(str(error))
        self.failed = failed
        self.error = error


def _timed(proven: _Proven, blob: Blob) -> float:
    try:
        return frame_ms(proven.engine, blob)
    except EngineError as error:
        raise _OutOfRaceError(proven, error) from error


def _best_ms(fastest: _Proven, other: _Proven, blob: Blob, limit_s: float) -> tuple[float, float]:
    """The best times of two that run in turn. Raises _OutOfRaceError."""
    deadline = time.perf_counter() + limit_s
    works = [partial(_timed, each, blob) for each in (fastest, other)]

    def enough(times_ms: Mapping[int, list[float]]) -> bool:
        best_ms = [min(times) for times in times_ms.values()]
        return max(best_ms) > _HOPELESS * min(best_ms) or time.perf_counter() > deadline

    times_ms = in_turns(dict(enumerate(works)), _ROUNDS, enough=enough)
    return min(times_ms[0]), min(times_ms[1])


def _ranked(
    ranking: Sequence[tuple[float, _Proven]], other: _Proven, fastest_ms: float, other_ms: float
) -> list[tuple[float, _Proven]]:
    """Everybody with the time a frame takes, the fastest first, all scaled to the fastest one's best time.

    What holds of two that ran in turn is how many times slower one was: the machine may be busier now than when those
    beaten earlier ran.
    """
    earlier_ms = ranking[0][0]
    best_ms = min(earlier_ms, fastest_ms)
    scaled = [(ms * best_ms / earlier_ms, loaded) for ms, loaded in ranking]
    scaled.append((other_ms * best_ms / fastest_ms, other))
    return sorted(scaled, key=lambda each: each[0])
