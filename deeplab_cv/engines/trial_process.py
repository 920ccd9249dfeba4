"""The process in which networks are first tried, see `trial`: reads its task, writes a line for each candidate."""

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import time

from deeplab_cv.engines.candidates import Candidate, engine_module
from deeplab_cv.engines.engine import OTHER_ENGINE, run_all
from deeplab_cv.engines.trial import ENOUGH
from deeplab_cv.errors import EngineError, as_typed
from deeplab_cv.machine.child import leave_no_core, limit_memory
from deeplab_cv.machine.messages import receive
from deeplab_cv.networks.golden import golden_blob

_SHARE = 0.5
"""Of this machine's memory, that a network may take."""

_GRACE_S = 10.0
_SEED = 0


def main() -> None:
    """Try every candidate, in order. A line is `null`, or what is wrong: what, where, what to do, why; or `ENOUGH`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Whatever native code prints goes nowhere; what this process has to say has a way of its own.
    reports = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    candidates, threads, depth, limits_s, patience_s = receive(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    leave_no_core()
    for candidate, limit_s in zip(candidates, limits_s, strict=True):
        with contextlib.suppress(EngineError):
            # What importing an engine takes is not the network's doing.
            engine_module(candidate.name)
        begun_s = time.monotonic()
        # Ends this process even where native code never lets go of the interpreter and nobody is left to end it.
        faulthandler.dump_traceback_later(limit_s + _GRACE_S, exit=True, file=nowhere)
        print(json.dumps(_tried(candidate, threads, depth)), file=reports, flush=True)
        if time.monotonic() - begun_s > patience_s:
            print(json.dumps(ENOUGH), file=reports, flush=True)
            break
    os._exit(0)


def _tried(candidate: Candidate, threads: int, depth: int) -> tuple[str, str, str, str] | None:
    # The drivers of graphics cards reserve addresses by the terabyte.
    limit_memory(_SHARE if candidate.device.startswith("cpu") else None)
    graph = candidate.graph
    where = f"{candidate.backend}, {as_typed(graph.named)}"
    try:
        blob = graph.golden.blob if graph.golden else golden_blob(_SEED, graph.input_size, graph.card.input)
        with contextlib.closing(engine_module(candidate.name).load(graph, candidate.device, threads, depth)) as engine:
            list(run_all(engine, [blob]))
    except EngineError as error:
        return error.what, error.where, error.remedy, error.cause
    except MemoryError:
        return "the network takes too much memory", where, "take a smaller --size or another network", ""
    except Exception as error:  # whatever a network made an engine's bindings raise
        cause = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return "the network cannot be run", where, OTHER_ENGINE, cause
    return None


def _end_with_parent() -> None:
    sys.stdin.buffer.read(1)
    os._exit(1)
