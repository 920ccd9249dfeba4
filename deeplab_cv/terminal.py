"""Lines, and tables, in a terminal. Light to import: the command line itself prints its lines here."""

import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from deeplab_cv.machine.urls import hide_secrets

if TYPE_CHECKING:
    from rich.console import Console

TABLE_WIDTH = 110
"""Characters a table may take; a narrower terminal wraps its lines, which is still better than cut figures."""

_LONG_WORD = re.compile(r"\S{300,}")
_LONGEST_LINE = 1000

# Control characters of both sets, line ends, changes of direction, and bytes of a file name that are no text.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Form:
    """How lines are printed in this process."""

    as_json = False


@contextlib.contextmanager
def lines_as_json(*, on: bool) -> Iterator[None]:
    """Print each line as a JSON object with `time` (ISO 8601, UTC), `level` and `message` while the block runs."""
    before, _Form.as_json = _Form.as_json, on
    try:
        yield
    finally:
        _Form.as_json = before


def print_line(text: str, level: str = "error") -> None:
    """Print one line to stderr, whatever the text holds, and even where stderr is closed or missing."""
    # A password that is cut could not be found any more.
    _print(_shortened(hide_secrets(one_line(text))), level)


def print_text(text: str) -> None:
    """Print lines to stderr, even where it is closed or missing; passwords in URLs are left out."""
    _print(hide_secrets(text), "error")


def _print(text: str, level: str) -> None:
    if _Form.as_json:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        text = json.dumps({"time": now, "level": level, "message": text})
    if sys.stderr is None:  # pythonw, or a service that was given none
        return
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """The text with everything that would end the line or steer the terminal written out, such as `\\n` or `\\x1b`."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _shortened(line: str) -> str:
    """A line that can be read, whatever was typed or stands in a file: the middle of what is too long is left out."""
    line = _LONG_WORD.sub(lambda found: f"{found[0][:150]}...{found[0][-100:]}", line)
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE // 2]}...{line[-_LONGEST_LINE // 3 :]}"


@contextlib.contextmanager
def logged_lines() -> Iterator[None]:
    """Print what this package logs, INFO and up, as plain lines while the block runs; other packages' logs stay."""
    logger = logging.getLogger("deeplab_cv")
    handler = _LineHandler()
    before = (logger.level, logger.propagate)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    # A package that calls logging.basicConfig would print each line a second time.
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _LineHandler(logging.Handler):
    """Looks sys.stderr up for each line: a progress bar puts one of its own there, which prints above the bar."""

    def emit(self, record: logging.LogRecord) -> None:
        print_line(self.format(record), record.levelname.lower())


def wide_console(width: int = TABLE_WIDTH) -> "Console":
    """A console for tables of figures, the same in a terminal, a file and a pipe."""
    from rich.console import Console

    return Console(width=max(width, Console().width), highlight=False)
