"""A try: a command line in a folder of its own, and what holds of how it ends."""

import contextlib
import io
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Words = Sequence[str]

LONGEST_LINE = 1200
"""Characters: one line with a path, a value and a remedy has at most so many."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CODES = (0, 1, 2)


@dataclass(frozen=True)
class Try:
    """What is run, and what is known of it beforehand.

    Attributes:
        words: the command line.
        codes: the exit codes that are right.
        secrets: what no line may show.
        check: what else is wrong with what it said, empty where nothing is.
    """

    words: Words
    codes: tuple[int, ...] = _CODES
    secrets: tuple[str, ...] = ()
    check: Callable[[str], str] = field(default=lambda said: "")


Kind = Callable[[random.Random, Path], Try]
"""Makes the input of a try in an empty folder, from random numbers alone."""


def wrong_with(kind: Kind, seed: int) -> str:
    """Make and run a try in this process; returns what is wrong, empty where it is held."""
    from deeplab_cv.cli import main

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        work = Path(name) / "work"
        work.mkdir()
        beside = Path(name) / "beside"
        beside.mkdir()
        with _inside(work):
            attempt = kind(random.Random(seed), work)
            before = _contents(beside)
            begun_s = time.monotonic()
            with _captured(Path(name) / "said") as said:
                try:
                    code: object = main(list(attempt.words))
                except SystemExit as error:
                    code = error.code
                except BaseException as error:  # whatever escapes is the fault that is looked for
                    code = f"{type(error).__name__}: {error}"
            text = said()
        line = " ".join(attempt.words)[:300]
        reasons = [
            f"ended with {code!r}" if code not in attempt.codes else "",
            "a traceback" if "Traceback" in text else "",
            "no line says why" if code in (1, 2) and "error: " not in text else "",
            "a control character" if _CONTROL.search(text) else "",
            "a line too long" if max(map(len, text.splitlines()), default=0) > LONGEST_LINE else "",
            "a secret is shown" if any(secret in text for secret in attempt.secrets) else "",
            "something was written outside"
            if _contents(beside) != before or len(list(Path(name).iterdir())) > 3
            else "",
            "a draft is left" if any(".unfinished-" in path.name for path in work.rglob("*")) else "",
            attempt.check(text),
        ]
        reason = "; ".join(filter(None, reasons))
        took = f"{time.monotonic() - begun_s:.1f} s"
        return f"{reason} ({took}): {line!r}\n{text[-600:]}" if reason else ""


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _captured(file: Path) -> Iterator[Callable[[], str]]:
    """All that is written to the terminal meanwhile, by Python and by native code."""
    from deeplab_cv.machine.standard_error import own_number

    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND)
    numbers = sorted({1, 2, own_number()})
    kept = [os.dup(number) for number in numbers]
    for number in numbers:
        os.dup2(descriptor, number)
    outer = sys.stdout
    sys.stdout = io.TextIOWrapper(os.fdopen(os.dup(1), "wb", 0), encoding="utf-8", errors="replace", write_through=True)
    try:
        yield lambda: file.read_bytes().decode(errors="replace")
    finally:
        sys.stdout.close()
        sys.stdout = outer
        for number, own in zip(numbers, kept, strict=True):
            os.dup2(own, number)
            os.close(own)
        os.close(descriptor)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
