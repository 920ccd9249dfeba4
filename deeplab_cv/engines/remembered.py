"""The engine that once won on this machine, so that only the first start has to try them all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deeplab_cv import __version__
from deeplab_cv.engines.candidates import ENGINES, Candidate, Result
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.machine.files import whole_file
from deeplab_cv.machine.folders import cache_folder
from deeplab_cv.machine.installed import ENGINE_WHEELS, installed
from deeplab_cv.machine.processor import processor_name, usable_cores
from deeplab_cv.networks.network import Graph

_ACCELERATORS = ("dri/render*", "nvidia[0-9]*", "accel/accel*", "kfd")
"""Device files of graphics cards and NPUs under Linux, there as soon as their driver is."""


def recall(question: str, graphs: Sequence[Graph]) -> Candidate | None:
    """Who won when the question was last asked; None where it never was, or the note cannot be read."""
    try:
        note = json.loads(_file(question).read_text(encoding="utf-8"))
        name, device, sha256 = note["name"], note["device"], note["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    graph = next((graph for graph in graphs if graph.sha256 == sha256), None)
    return Candidate(name, device, graph) if graph and name in ENGINES and isinstance(device, str) else None


def remember(question: str, winner: Candidate, results: Sequence[Result]) -> None:
    """Note who won, and what came of every candidate."""
    note = {
        "question": question,
        "name": winner.name,
        "device": winner.device,
        "sha256": winner.graph.sha256,
        "results": [
            {
                "candidate": str(result.candidate),
                "sha256": result.candidate.graph.card.sha256,
                "ms": result.ms,
                "reason": result.reason,
            }
            for result in results
        ],
    }
    with whole_file(_file(question)) as temporary:
        temporary.write_text(json.dumps(note, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class Timing:
    """What was measured of a network on this machine.

    Attributes:
        candidate: such as `openvino:cpu_int8`.
        ms: milliseconds a frame took.
    """

    candidate: str
    ms: float


def times_here(sha256: str) -> tuple[Timing, ...]:
    """What was measured on this machine of the network on a card with this hash; of the newest race, fastest first."""
    notes = sorted(cache_folder("engines").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in notes:
        try:
            results = json.loads(path.read_text(encoding="utf-8"))["results"]
            times = [Timing(each["candidate"], each["ms"]) for each in results if each["sha256"] == sha256]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if times:
            return tuple(timing for timing in times if timing.ms is not None)
    return ()


def question_of(graphs: Sequence[Graph], options: EngineOptions, *, depth: int) -> str:
    """All that can change the answer: files, shape, wishes, processor, graphics and the engines' versions.

    The engines themselves are not asked, so that a start that remembers loads none but the winner.
    """
    height, width = graphs[0].shape
    return "; ".join(
        [
            f"deeplab-cv {__version__}",
            *(f"file {graph.sha256}" for graph in graphs),
            f"{width}x{height}",
            f"{options.backend}, {options.threads} threads, {depth} in flight",
            f"{processor_name()}, {usable_cores()} cores",
            *sorted(str(path) for pattern in _ACCELERATORS for path in Path("/dev").glob(pattern)),
            *(f"{wheel} {version}" for wheel, version in installed(ENGINE_WHEELS).items()),
        ]
    )


def _file(question: str) -> Path:
    return cache_folder("engines") / f"{hashlib.sha256(question.encode()).hexdigest()[:24]}.json"
