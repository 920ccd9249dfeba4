"""The engine that once won on this machine, so that only the first start has to try them all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deeplab_cv.engines.candidates import ENGINES, Candidate, CandidateResult
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.machine.accelerators import accelerator_files
from deeplab_cv.machine.cache import keep, kept_files
from deeplab_cv.machine.files import read_ordinary
from deeplab_cv.machine.installed import ENGINE_WHEELS, installed
from deeplab_cv.machine.processor import processor_name, usable_cores
from deeplab_cv.networks.network import Graph
from deeplab_cv.version import VERSION

_FOLDER = "engines"
_LARGEST = 100_000
"""Bytes of a note; one of twenty candidates has 4,000."""


def recall(question: str, graphs: Sequence[Graph]) -> Candidate | None:
    """Who won when the question was last asked; None where it never was, or the note cannot be read."""
    for path in kept_files(_FOLDER, _file_name(question)):
        note = _read(path)
        name, device = note.get("name"), note.get("device")
        graph = next((graph for graph in graphs if graph.sha256 == note.get("sha256")), None)
        if graph is not None and isinstance(name, str) and name in ENGINES and isinstance(device, str):
            return Candidate(name, device, graph)
    return None


def remember(question: str, winner: Candidate, results: Sequence[CandidateResult]) -> None:
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
    text = json.dumps(note, indent=1)
    keep(_FOLDER, _file_name(question), lambda temporary: temporary.write_text(text, encoding="utf-8"))


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
    """What was last measured on this machine of the network on a card with this hash, the fastest first."""
    notes = sorted(kept_files(_FOLDER, "*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in notes:
        results = _read(path).get("results")
        own = [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []
        if own := [each for each in own if each.get("sha256") == sha256]:
            return tuple(
                Timing(str(each.get("candidate")), each["ms"])
                for each in own
                if isinstance(each.get("ms"), float | int)
            )
    return ()


def question_of(graphs: Sequence[Graph], options: EngineOptions, *, depth: int) -> str:
    """All that can change the answer: files, shape, wishes, processor, graphics and the engines' versions.

    The engines themselves are not asked, so that a start that remembers loads none but the winner.
    """
    return "; ".join(
        [
            f"deeplab-cv {VERSION}",
            *(f"file {graph.sha256}" for graph in graphs),
            str(graphs[0].input_size),
            f"{options.backend}, {options.threads} threads, {depth} in flight",
            f"{processor_name()}, {usable_cores()} cores",
            *accelerator_files(),
            *(f"{wheel} {version}" for wheel, version in installed(ENGINE_WHEELS).items()),
        ]
    )


def _file_name(question: str) -> str:
    return f"{hashlib.sha256(question.encode()).hexdigest()[:24]}.json"


def _read(path: Path) -> dict[str, Any]:
    """What a note holds; nothing where it is none: anything can have become of a file in a cache."""
    try:
        note = json.loads(read_ordinary(path, most=_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}
