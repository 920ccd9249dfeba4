"""Networks that nobody has proven are first loaded and run in a process of its own, which may die or never end.

A network file is a program for native code: a stride of 0 ends OpenCV with a signal, a loop without an end never gives
the processor back, and neither can be caught where it happens.
"""

import hashlib
import json
import logging
import pickle
import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from deeplab_cv.engines.candidates import Candidate, engine_module
from deeplab_cv.engines.engine import Engine
from deeplab_cv.errors import EngineError, as_typed
from deeplab_cv.machine.cache import keep, kept_files
from deeplab_cv.machine.child import started
from deeplab_cv.machine.endings import how_it_ended
from deeplab_cv.machine.installed import ENGINE_WHEELS, installed
from deeplab_cv.version import VERSION

_log = logging.getLogger(__name__)

LIMIT_S = 60.0
"""What loading a network and running it once may take."""

_FOLDER = "trials"
_PROCESS = "deeplab_cv.engines.trial_process"
_refusals: dict[str, EngineError | None] = {}
"""What came of each candidate in this process or, where it worked, in an earlier one; see `_key`."""

_trying = threading.Lock()


def load_candidate(candidate: Candidate, threads: int, depth: int) -> Engine:
    """Load a candidate; one that nobody has proven only after it went well in another process. Raises EngineError."""
    try_out([candidate], threads, depth)
    if (refusal := _refusals.get(_key(candidate))) is not None:
        raise refusal
    engine: Engine = engine_module(candidate.name).load(candidate.graph, candidate.device, threads, depth)
    return engine


def try_out(candidates: Sequence[Candidate], threads: int, depth: int) -> None:
    """Find out which of them may be loaded here; those that are proven or were tried before are not tried again.

    ONNX Runtime is asked first, where it is installed: what it refuses is refused for all, since without golden scores
    nothing else could hold the others to anything.
    """
    with _trying:
        unproven = [each for each in candidates if each.graph.golden is None and not _is_known(each)]
        if not unproven:
            return
        judge = Candidate("onnxruntime", "cpu", unproven[0].graph)
        if not _is_known(judge) and _has_onnx_runtime():
            unproven = [judge, *(each for each in unproven if each != judge)]
        _log.info("nobody has proven this network: it is first tried in a process of its own")
        while unproven and not _refused_by(judge):
            for candidate, refusal in zip(unproven, _outcomes(unproven, threads, depth), strict=False):
                _note(candidate, refusal)
                if _refused_by(judge):
                    break
            unproven = [each for each in unproven if not _is_known(each)]
        if (reason := _refused_by(judge)) is not None:
            _refusals.update({_key(candidate): reason for candidate in unproven})


def _has_onnx_runtime() -> bool:
    try:
        engine_module("onnxruntime")
    except EngineError:
        return False
    return True


def _refused_by(judge: Candidate) -> EngineError | None:
    """Why ONNX Runtime refuses the network; None where it runs it, or lacks an operator that others may have."""
    refusal = _refusals.get(_key(judge))
    return None if refusal is None or "NOT_IMPLEMENTED" in str(refusal) else refusal


def _outcomes(candidates: Sequence[Candidate], threads: int, depth: int) -> Iterator[EngineError | None]:
    """What comes of each in one process, in order, as far as that process gets."""
    # What was running when the process ends has its end for a reason.
    try:
        process = started(_PROCESS)
    except OSError as error:
        yield EngineError("a network cannot be tried", candidates[0].backend, "let processes be started", cause=error)
        return
    try:
        yield from _reports(process, candidates, pickle.dumps((list(candidates), threads, depth, LIMIT_S)))
    finally:
        process.kill()
        process.communicate()


def _reports(
    process: "subprocess.Popen[bytes]", candidates: Sequence[Candidate], task: bytes
) -> Iterator[EngineError | None]:
    assert process.stdin is not None
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, lines), name="trial", daemon=True).start()
    try:
        process.stdin.write(len(task).to_bytes(8, "little") + task)
        # It stays open: where this process ends, the other one reads the end and goes as well.
        process.stdin.flush()
    except OSError:
        # It died before it read all; its end says why.
        pass
    for candidate in candidates:
        try:
            line = lines.get(timeout=LIMIT_S)
        except queue.Empty:
            yield _death(candidate, f"it took longer than {LIMIT_S:.0f} s")
            return
        if not line:
            yield _death(candidate, f"the process that tried it {how_it_ended(process.wait())}")
            return
        report = json.loads(line)
        yield None if report is None else EngineError(*report)


def _read(stdout: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    for line in stdout:
        lines.put(line)
    lines.put(b"")


def _death(candidate: Candidate, reason: str) -> EngineError:
    where = f"{candidate.backend}, {as_typed(candidate.graph.file)}"
    return EngineError("the network cannot be run", where, "take another --backend or network", cause=reason)


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
        graph.card.model_dump_json(),
        candidate.name,
        candidate.device,
        *(f"{wheel} {version}" for wheel, version in installed(ENGINE_WHEELS).items()),
    ]
    return hashlib.sha256("; ".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
