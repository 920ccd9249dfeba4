"""Generators that hold processes or files, and so must end before the interpreter does."""

import atexit
import contextlib
import weakref
from collections.abc import Generator
from typing import Any, TypeVar

Yielded = TypeVar("Yielded")

_open: "weakref.WeakSet[Generator[Any, None, None]]" = weakref.WeakSet()


def closed_at_exit(generator: Generator[Yielded, None, None]) -> Generator[Yielded, None, None]:
    """The generator itself, which is closed when the program ends, where nobody has come to its end by then.

    Later the interpreter would do that itself, when threads stand still and nothing can be imported any more.
    """
    _open.add(generator)
    return generator


@atexit.register
def _close_all() -> None:
    for generator in list(_open):
        # A thread that is not waited for may be in it.
        with contextlib.suppress(ValueError):
            generator.close()
