"""The engine that once won on this machine, so that only the first start has to try them all."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from deeplab_cv import __version__
from deeplab_cv.engines.candidates import ENGINES, Candidate
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


def remember(question: str, winner: Candidate, remarks: Sequence[str]) -> None:
    """Note who won; `remarks` tell a reader of the file what came of the others."""
    file = _file(question)
    note = {
        "question": question,
        "name": winner.name,
        "device": winner.device,
        "sha256": winner.graph.sha256,
        "tried": list(remarks),
    }
    with whole_file(file) as temporary:
        temporary.write_text(json.dumps(note, indent=1), encoding="utf-8")


def times_here(sha256: str) -> tuple[str, ...]:
    """What was measured on this machine of a network, newest race first: such as `openvino:cpu: 12.1 ms`."""
    notes = sorted(cache_folder("engines").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in notes:
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            if f"file {sha256};" in note["question"]:
                return tuple(line for line in note["tried"] if line.endswith(" ms"))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ()


def question_of(graphs: Sequence[Graph], backend: str, threads: int, depth: int) -> str:
    """All that can change the answer: files, shape, wishes, processor, graphics and the engines' versions.

    The engines themselves are not asked, so that a start that remembers loads none but the winner.
    """
    height, width = graphs[0].shape
    return "; ".join(
        [
            f"deeplab-cv {__version__}",
            *(f"file {graph.sha256}" for graph in graphs),
            f"{width}x{height}",
            f"{backend}, {threads} threads, {depth} in flight",
            f"{processor_name()}, {usable_cores()} cores",
            *sorted(str(path) for pattern in _ACCELERATORS for path in Path("/dev").glob(pattern)),
            *(f"{wheel} {version}" for wheel, version in installed(ENGINE_WHEELS).items()),
        ]
    )


def _file(question: str) -> Path:
    return cache_folder("engines") / f"{hashlib.sha256(question.encode()).hexdigest()[:24]}.json"
