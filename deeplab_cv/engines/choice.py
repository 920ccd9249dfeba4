"""Which engine runs a network: the one asked for, or the fastest that is right."""

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deeplab_cv.engines import Blob, Engine
from deeplab_cv.engines.candidates import Candidate, broken_engines, candidates_for, engine_module
from deeplab_cv.engines.golden_check import Proof, Reference, check, reference_for
from deeplab_cv.engines.remembered import question_of, recall, remember
from deeplab_cv.errors import EngineError
from deeplab_cv.machine.memory import return_free_memory, spoiled_memory
from deeplab_cv.networks.network import Graph

_ROUNDS = 9
_RACE_S = 3.0
_HOPELESS = 1.5
"""A race of two ends early where the best time of one is this many times that of the other."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Attempt:
    """What came of a candidate.

    Attributes:
        candidate: what was tried.
        reason: why it was refused; empty where it works.
        proof: how right it is; None where it was refused.
        ms: milliseconds a frame takes, the best of several, which a busy machine disturbs least; of a loser that of the
            winner times how many times slower it was. None if refused.
        precision: what it computes in, by its own word; empty where it did not load.
        threads: processor threads it computes with; 0 where it did not load or needs none.
    """

    candidate: Candidate
    reason: str = ""
    proof: Proof | None = None
    ms: float | None = None
    precision: str = ""
    threads: int = 0


@dataclass(frozen=True)
class Choice:
    """The engine chosen, and what became of everything that was tried for it.

    Attributes:
        engine: loaded and proven.
        candidate: what was loaded.
        attempts: the fastest first, then those refused; empty where the choice was remembered from an earlier start.
    """

    engine: Engine
    candidate: Candidate
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class _Runner:
    candidate: Candidate
    engine: Engine
    proof: Proof

    def ms(self, blob: Blob) -> float:
        return frame_ms(self.engine, blob)

    def attempt(self, ms: float) -> Attempt:
        return Attempt(self.candidate, "", self.proof, ms, self.engine.precision, self.engine.threads)


def frame_ms(engine: Engine, blob: Blob) -> float:
    """Milliseconds a frame takes with as many in flight as the engine takes, from one measurement."""
    start = time.perf_counter()
    for _ in range(engine.depth):
        engine.submit(blob)
    for _ in range(engine.depth):
        engine.result()
    return (time.perf_counter() - start) * 1000 / engine.depth


def open_engine(
    graphs: Sequence[Graph], backend: str = "auto", threads: int = 0, depth: int = 1, say: Say = print
) -> Engine:
    """Load an engine that has been proven right; see `choose`."""
    return choose(graphs, backend, threads, depth, say).engine


def choose(
    graphs: Sequence[Graph], backend: str = "auto", threads: int = 0, depth: int = 1, say: Say = print
) -> Choice:
    """Load the fastest engine that is right, among those that `backend` names.

    The race is run once on a machine; later starts load the winner alone. Its golden check is run at every start.

    Args:
        graphs: the network's graph of one shape, then its variants (`graph_for`, `variant_graphs`).
        backend: `auto`, `NAME` for all of an engine's devices, or `NAME:device`.
        threads: processor threads; 0 leaves it to the program.
        depth: tensors wanted in flight; an engine may take fewer.
        say: takes one line for the user where loading takes long or a choice was made.

    Raises:
        UsageError: there is no such engine.
        EngineError: what was asked for does not work, with the reason.
    """
    reference = reference_for(graphs[0])
    question = question_of(graphs, backend, threads, depth)
    known = recall(question, graphs)
    if known is not None:
        # What has become wrong since, by an update or a worn-out driver, is found out and replaced.
        with contextlib.suppress(EngineError):
            return Choice(_load(known, reference, threads, depth, say).engine, known, ())
    candidates = candidates_for(graphs, backend)
    if len(candidates) == 1:
        return Choice(_load(candidates[0], reference, threads, depth, say).engine, candidates[0], ())
    say("finding the fastest engine that is right on this machine, this once")
    attempts, engine = contest(candidates, reference, threads, depth, say)
    if engine is None:
        reasons = "; ".join(f"{attempt.candidate}: {attempt.reason}" for attempt in attempts)
        raise EngineError(f"no engine runs the network right ({reasons})", graphs[0].file, "look at `app.py doctor`")
    winner = attempts[0].candidate
    if broken := broken_engines():
        say(f"the choice is not remembered: {'; '.join(broken)}")
    else:
        remember(question, winner, [_remark(attempt) for attempt in attempts])
    working = sum(not attempt.reason for attempt in attempts)
    say(f"{winner} is the fastest of {working} that are right: {attempts[0].ms:.1f} ms a frame")
    return Choice(engine, winner, tuple(attempts))


def contest(
    candidates: Sequence[Candidate], reference: Reference, threads: int, depth: int, say: Say
) -> tuple[list[Attempt], Engine | None]:
    """Load, prove and time every candidate, each beside the fastest so far; the slower of the two is closed at once.

    So no more than two are ever loaded: all of them together take more memory than a run.

    Returns:
        What came of each, the fastest first, then those refused; and the fastest, still loaded, None where none works.
    """
    refused: list[Attempt] = []
    ranking: list[tuple[float, _Runner]] = []
    for candidate in candidates:
        # Free what graph making or the previous engine left.
        return_free_memory()
        try:
            challenger = _load(candidate, reference, threads, depth, say)
            first_ms = challenger.ms(reference.blob)
        except EngineError as error:
            refused.append(Attempt(candidate, f"{error.what}: {error.where}; {error.remedy}"))
            continue
        if not ranking:
            ranking = [(first_ms, challenger)]
            continue
        champion = ranking[0][1]
        times_ms = _in_turns(champion, challenger, reference.blob, _RACE_S / len(candidates))
        ranking = _ranked(ranking, challenger, *times_ms)
        loser = champion if ranking[0][1] is challenger else challenger
        loser.engine.close()
    return_free_memory()
    attempts = [runner.attempt(ms) for ms, runner in ranking]
    return [*attempts, *refused], ranking[0][1].engine if ranking else None


def _load(candidate: Candidate, reference: Reference, threads: int, depth: int, say: Say) -> _Runner:
    module = engine_module(candidate.name)
    with spoiled_memory():
        engine: Engine = module.load(candidate.graph, candidate.device, threads, depth, say)
        try:
            proof = check(engine, candidate.graph, reference)
        except EngineError:
            engine.close()
            raise
    return _Runner(candidate, engine, proof)


def _in_turns(champion: _Runner, challenger: _Runner, blob: Blob, limit_s: float) -> tuple[float, float]:
    """The best times of two that run in turn, so that a busy machine is equally unfair to both."""
    deadline = time.perf_counter() + limit_s
    champion_ms = challenger_ms = math.inf
    for _ in range(_ROUNDS):
        champion_ms = min(champion_ms, champion.ms(blob))
        challenger_ms = min(challenger_ms, challenger.ms(blob))
        hopeless = max(champion_ms, challenger_ms) > _HOPELESS * min(champion_ms, challenger_ms)
        if hopeless or time.perf_counter() > deadline:
            break
    return champion_ms, challenger_ms


def _ranked(
    ranking: Sequence[tuple[float, _Runner]], challenger: _Runner, champion_ms: float, challenger_ms: float
) -> list[tuple[float, _Runner]]:
    """Everybody with the time a frame takes, the fastest first, all told beside the champion's best.

    What holds of two that ran in turn is how many times slower one was: the machine may be busier now than when those
    beaten earlier ran.
    """
    earlier_ms = ranking[0][0]
    best_ms = min(earlier_ms, champion_ms)
    told = [(ms * best_ms / earlier_ms, runner) for ms, runner in ranking]
    told.append((challenger_ms * best_ms / champion_ms, challenger))
    return sorted(told, key=lambda each: each[0])


def _remark(attempt: Attempt) -> str:
    return f"{attempt.candidate}: {attempt.reason or f'{attempt.ms:.1f} ms'}"
