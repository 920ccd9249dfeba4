"""The engine that once won on this machine, so that only the first start has to try them all."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from deeplab_cv import __version__
from deeplab_cv.engines.candidates import Candidate
from deeplab_cv.engines.processor import processor_name, usable_cores
from deeplab_cv.folders import cache_folder
from deeplab_cv.installed import ENGINE_WHEELS, installed


def recall(question: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """Who won when the question was last asked; None where it never was, or the note cannot be read."""
    try:
        note = json.loads(_file(question).read_text(encoding="utf-8"))
        winner = note["backend"], note["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return next((each for each in candidates if (each.backend, each.graph.sha256) == winner), None)


def remember(question: str, winner: Candidate, remarks: Sequence[str]) -> None:
    """Note who won; `remarks` tell a reader of the file what came of the others."""
    file = _file(question)
    note = {"question": question, "backend": winner.backend, "sha256": winner.graph.sha256, "tried": list(remarks)}
    temporary = file.with_suffix(".partial")
    temporary.write_text(json.dumps(note, indent=1), encoding="utf-8")
    temporary.replace(file)


def question_of(candidates: Sequence[Candidate], threads: int, depth: int) -> str:
    """All that can change the answer: the files, the shape, the engines' versions, the processor, the threads."""
    files = sorted({each.graph.sha256 for each in candidates})
    height, width = candidates[0].graph.shape
    names = {each.backend for each in candidates}
    return "; ".join(
        [
            f"deeplab-cv {__version__}",
            *(f"file {file}" for file in files),
            f"{width}x{height}",
            f"{threads} threads, {depth} in flight",
            f"{processor_name()}, {usable_cores()} cores",
            *(f"{wheel} {version}" for wheel, version in installed(ENGINE_WHEELS).items()),
            *sorted(names),
        ]
    )


def _file(question: str) -> Path:
    return cache_folder("engines") / f"{hashlib.sha256(question.encode()).hexdigest()[:24]}.json"
