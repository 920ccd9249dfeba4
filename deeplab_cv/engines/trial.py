"""Networks that were not run here yet are first loaded and run in a process of its own, which may die or never end.

A network file is a program for native code: a stride of 0 ends OpenCV with a signal, a loop without an end never gives
the processor back, and neither can be caught where it happens. A card beside the file changes nothing of that.
"""

import contextlib
import hashlib
import json
import logging
import math
import queue
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from deeplab_cv.engines.candidates import Candidate, engine_module
from deeplab_cv.engines.engine import OTHER_ENGINE, Engine
from deeplab_cv.errors import EngineError, as_typed
from deeplab_cv.machine.cache import keep, kept_files
from deeplab_cv.machine.child import started
from deeplab_cv.machine.endings import how_it_ended
from deeplab_cv.machine.installed import ENGINE_WHEELS, installed
from deeplab_cv.machine.messages import send
from deeplab_cv.networks.network import Graph
from deeplab_cv.networks.opening import is_shipped
from deeplab_cv.version import VERSION

_log = logging.getLogger(__name__)

LIMIT_S = 60.0
"""What loading a network and running it once may take on the processor."""

_COMPILED = 10
"""How many times as long it may take elsewhere: drivers of graphics cards compile a network first."""

ENOUGH = "enough"
"""In place of a report: the one before took longer than the patience, and the others are not tried."""

_FOLDER = "trials"
_PROCESS = "deeplab_cv.engines.trial_process"
_refusals: dict[str, EngineError | None] = {}
"""What came of each candidate in this process or, where it worked, in an earlier one; see `_key`."""

_trying = threading.Lock()


class _EndedError(EngineError):
    """The process did not come back from a candidate."""


class _OverdueError(_EndedError):
    """It took too long."""


def load_candidate(candidate: Candidate, threads: int, depth: int) -> Engine:
    """Load a candidate, a new one only after that went well in another process. Raises EngineError."""
    try_out([candidate], threads, depth)
    if (refusal := _refusals.get(_key(candidate))) is not None:
        raise refusal
    engine: Engine = engine_module(candidate.name).load(candidate.graph, candidate.device, threads, depth)
    return engine


def check_it_runs(graphs: Sequence[Graph]) -> None:
    """See that ONNX Runtime runs graphs here, for those who then run it by themselves. Raises EngineError."""
    candidates = [Candidate("onnxruntime", "cpu", graph) for graph in graphs]
    try_out(candidates, 0, 1)
    for candidate in candidates:
        if (refusal := _refusals.get(_key(candidate))) is not None:
            raise refusal


def try_out(candidates: Sequence[Candidate], threads: int, depth: int, *, patience_s: float = math.inf) -> None:
    """Find out which of them may be loaded here; the program's own network, and what was tried before, is not tried.

    Of a network without golden scores ONNX Runtime is asked first, where it is installed: what it refuses is refused
    for all, since nothing else could hold the others to anything.

    Args:
        candidates: of one network.
        threads: of each engine, see `choose`.
        depth: tensors in flight, see `choose`.
        patience_s: where one takes longer, those behind it are not tried yet.
    """
    with _trying:
        untried = [each for each in candidates if not _may_be_known(each)]
        if not untried:
            return
        graph = untried[0].graph
        judge = Candidate("onnxruntime", "cpu", graph) if graph.golden is None else None
        if judge is not None and not _is_known(judge) and _has_onnx_runtime():
            untried = [judge, *(each for each in untried if each != judge)]
        if judge is not None:
            _log.info("nobody has proven this network: it is first tried in a process of its own")
        reason = _refused_by(judge)
        while untried and reason is None:
            ended = False
            for candidate, refusal in zip(untried, _outcomes(untried, threads, depth, patience_s), strict=False):
                _note(candidate, refusal)
                ended = isinstance(refusal, _EndedError)
                reason = _refused_by(judge)
                if isinstance(refusal, _OverdueError) and not any(_works(each) for each in candidates):
                    # None that is slower than this one would come back either.
                    reason = refusal
                if reason is not None:
                    break
            if not ended:
                break
            untried = [each for each in untried if not _is_known(each)]
        if reason is not None:
            _refusals.update({_key(each): reason for each in untried if not _is_known(each)})


def _may_be_known(candidate: Candidate) -> bool:
    return _is_known(candidate) or is_shipped(candidate.graph.sha256)


def _works(candidate: Candidate) -> bool:
    key = _key(candidate)
    return key in _refusals and _refusals[key] is None


def _has_onnx_runtime() -> bool:
    try:
        engine_module("onnxruntime")
    except EngineError:
        return False
    return True


def _refused_by(judge: Candidate | None) -> EngineError | None:
    """Why ONNX Runtime refuses the network; None where it runs it, or lacks an operator that others may have."""
    refusal = None if judge is None else _refusals.get(_key(judge))
    return None if refusal is None or "NOT_IMPLEMENTED" in str(refusal) else refusal


def _outcomes(
    candidates: Sequence[Candidate], threads: int, depth: int, patience_s: float
) -> Iterator[EngineError | None]:
    """What comes of each in one process, in order, as far as that process gets."""
    # What was running when the process ends has its end for a reason.
    try:
        process = started(_PROCESS)
    except OSError as error:
        yield EngineError("a network cannot be tried", candidates[0].backend, "let processes be started", cause=error)
        return
    limits_s = [_limit_s(candidate) for candidate in candidates]
    task = list(candidates), threads, depth, limits_s, patience_s
    try:
        yield from _reports(process, task, zip(candidates, limits_s, strict=True))
    finally:
        process.kill()
        process.communicate()


def _limit_s(candidate: Candidate) -> float:
    return LIMIT_S if candidate.device.startswith("cpu") else LIMIT_S * _COMPILED


def _reports(
    process: "subprocess.Popen[bytes]", task: object, candidates: Iterable[tuple[Candidate, float]]
) -> Iterator[EngineError | None]:
    assert process.stdin is not None
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, lines), name="trial", daemon=True).start()
    # Where it dies before it has read all, its end says why.
    with contextlib.suppress(OSError):
        # It stays open: where this process ends, the other one reads the end and goes as well.
        send(process.stdin, task)
    for candidate, limit_s in candidates:
        try:
            line = lines.get(timeout=limit_s)
        except queue.Empty:
            yield _OverdueError(*_refusal_of(candidate), cause=f"it took longer than {limit_s:.0f} s")
            return
        if not line:
            ending = how_it_ended(process.wait())
            yield _EndedError(*_refusal_of(candidate), cause=f"the process that tried it {ending}")
            return
        report = json.loads(line)
        if report == ENOUGH:
            return
        yield None if report is None else EngineError(*report[:3], cause=report[3])


def _read(stdout: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    for line in stdout:
        lines.put(line)
    lines.put(b"")


def _refusal_of(candidate: Candidate) -> tuple[str, str, str]:
    where = f"{candidate.backend}, {as_typed(candidate.graph.named)}"
    return "the network cannot be run", where, OTHER_ENGINE


def _is_known(candidate: Candidate) -> bool:
    key = _key(candidate)
    if key not in _refusals and kept_files(_FOLDER, f"{key}.good"):
        _refusals[key] = None
    return key in _refusals


def _note(candidate: Candidate, refusal: EngineError | None) -> None:
    _refusals[_key(candidate)] = refusal
    if refusal is None:
        # Only what went well is kept: what failed may have failed for want of time or memory.
        keep(_FOLDER, f"{_key(candidate)}.good", Path.touch)


def _key(candidate: Candidate) -> str:
    graph = candidate.graph
    facts = [
        VERSION,
        graph.sha256,
        graph.form,
        str(graph.input_size),
        # Of the card what an engine is handed; figures that are added to it change nothing.
        graph.card.input.model_dump_json(),
        graph.card.output.model_dump_json(),
        str(len(graph.card.classes)),
        candidate.name,
        candidate.device,
        *(f"{wheel} {version}" for wheel, version in installed(ENGINE_WHEELS).items()),
    ]
    return hashlib.sha256("; ".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
