"""Starts programs in processes of their own and reads what they report."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deeplab_cv.bench.instruments.program import Run, RunKind
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import private_folder
from deeplab_cv.machine.program import program
from deeplab_cv.options import Options, flag

_PROGRAM = "deeplab_cv.bench.instruments.program"
ROOT = Path(__file__).parents[3]
"""Where the package lies: a child started elsewhere finds it by this."""


def run_in_child(kind: RunKind, words: Sequence[str]) -> Run:
    """Run the program to its end and return its report. Raises EngineError where it failed."""
    with private_folder() as folder, started(kind, words, folder) as process:
        output = process.communicate()[1]
        return read_report(process.returncode, output, folder)


@contextmanager
def started(kind: RunKind, words: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The program at work; `folder` is where it leaves its report. It is ended with the context."""
    command = [sys.executable, "-m", _PROGRAM, str(folder / "report.json"), kind, *words]
    process = subprocess.Popen(command, env=child_environment(), stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def read_report(code: int, output: str, folder: Path) -> Run:
    """What an ended program left in its folder. Raises EngineError, with its last line, where it failed."""
    report = folder / "report.json"
    if code != 0 or not report.exists():
        last = (output.strip().splitlines() or ["no word"])[-1]
        raise EngineError("a run of the program failed", last, f"run {program()} with the same words")
    facts: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return Run(**facts | {"input_size": Size(*facts["input_size"])})


def child_environment() -> dict[str, str]:
    """This process's environment, in which the package is found from every folder."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {"PYTHONPATH": path}


def words_of(*asked: Options) -> list[str]:
    """The words that ask for the same, such as a network and an engine, for a program of its own."""
    words = []
    for options in asked:
        for key, field in type(options).model_fields.items():
            value = getattr(options, key)
            if value == field.default:
                continue
            if isinstance(value, bool):
                words.append(flag(key))
            else:
                words += [flag(key), ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    return words
