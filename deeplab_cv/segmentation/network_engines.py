"""The engines of one network, one for each input size that frames have asked for, shared by all streams."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from typing_extensions import Self

from deeplab_cv.engines.candidates import backend_names
from deeplab_cv.engines.choice import Choice, Report, choose, to_nobody
from deeplab_cv.engines.engine import describe
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.shared import Row, SharedEngine
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Graph, Network, fitting_sizes, graph_at, variant_graphs
from deeplab_cv.segmentation.sizing import measured_pace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pinned:
    """An engine and a graph that are to be taken, and no others: so that several processes compute alike.

    Attributes:
        backend: as --backend takes it, with its device.
        graph: `Graph.sha256` of the network's file, of a variant or of its form rewritten for speed.
    """

    backend: str
    graph: str


@dataclass(frozen=True)
class LoadedEngine:
    """A network on an engine, proven at one input size.

    Attributes:
        shared: the engine, for any number of threads.
        input_size: width and height of its input in pixels.
        backend: what was loaded, as --backend takes it.
        graph: `Graph.sha256` of what was loaded.
        made_by: network, input and engine in words.
        keeps_pace: it is fast enough for the rate that is wanted; True where none is.
    """

    shared: SharedEngine
    input_size: Size
    backend: str
    graph: str
    made_by: str
    keeps_pace: bool

    @property
    def pinned(self) -> Pinned:
        """What other processes load to compute alike."""
        return Pinned(self.backend, self.graph)

    @property
    def name(self) -> str:
        """The engine as the runtime describes itself, such as `openvino:cpu:float32`."""
        return describe(self.shared.engine)


class NetworkEngines:
    """Loads, proves and keeps one engine for each input size; to be used from any thread.

    Attributes:
        network: the network they run.
        options: what was asked of the engines.
        depth: tensors wanted in flight; an engine may take fewer.
        pace_fps: frames a second to be inferred: smaller input is taken for it where the network is proven at some.
    """

    def __init__(
        self,
        network: Network,
        options: EngineOptions,
        *,
        depth: int = 1,
        pace_fps: float | None = None,
        pinned: Pinned | None = None,
        report: Report = to_nobody,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            network: the network they run.
            options: what is asked of the engines.
            depth: tensors wanted in flight.
            pace_fps: frames a second to be inferred.
            pinned: the engine and the graph to take at every size; without it the fastest that is right.
            report: is told what is done while engines are loaded and compared.
        """
        self.network = network
        self.options = options if pinned is None else options.model_copy(update={"backend": pinned.backend})
        self._pinned = pinned
        self.depth = depth
        self.pace_fps = pace_fps
        self._report = report
        self._loading = threading.Lock()
        self._row = Row()
        self._by_aspect: dict[tuple[Size, ...], LoadedEngine] = {}
        self._by_size: dict[Size, LoadedEngine] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def with_backend(self, backend: str) -> "NetworkEngines":
        """The same network on another engine, not loaded yet."""
        options = self.options.model_copy(update={"backend": backend})
        return self._alike(self.network, options)

    def with_network(self, network: Network) -> "NetworkEngines":
        """Another network with the same wishes, not loaded yet."""
        return self._alike(network, self.options)

    def load(self, size: Size) -> LoadedEngine:
        """The engine for frames of this size; the first time it is loaded and proven, which takes seconds.

        Of the proven sizes of the frames' aspect it has the largest at which it keeps the wanted rate.
        Raises EngineError, also once they are closed.
        """
        fitting = tuple(fitting_sizes(self.network.card.input_sizes, size))
        if (loaded := self._by_aspect.get(fitting)) is not None:
            return loaded
        with self._loading:
            if self._closed:
                raise EngineError("the engines are closed", self.network.card.name, "open the network again")
            if fitting not in self._by_aspect:
                self._by_aspect[fitting] = self._largest_that_keeps_up(fitting, size)
            return self._by_aspect[fitting]

    def find_backends(self, size: Size) -> list[str]:
        """Every backend of this machine that might run the network, the one at work first.

        It loads the packages of all engines, and the engine at work where that is not done. Raises EngineError.
        """
        loaded = self.load(size)
        names = backend_names(self._graphs(loaded.input_size))
        place = names.index(loaded.backend) if loaded.backend in names else 0
        return names[place:] + names[:place]

    def close(self) -> None:
        """Give back every engine for good; what is still in flight ends in an EngineError. Safe to call twice."""
        with self._loading:
            self._closed = True
            for loaded in self._by_size.values():
                loaded.shared.close()
            self._by_size.clear()
            self._by_aspect.clear()

    def _alike(self, network: Network, options: EngineOptions) -> "NetworkEngines":
        return NetworkEngines(network, options, depth=self.depth, pace_fps=self.pace_fps, report=self._report)

    def _largest_that_keeps_up(self, fitting: Sequence[Size], size: Size) -> LoadedEngine:
        """The first of these input sizes, from large to small, that is fast enough, else the last."""
        options = self.options
        for input_size in fitting:
            if input_size in self._by_size:
                return self._by_size[input_size]
            choice = self._choice(input_size, options)
            try:
                pace = measured_pace(choice.engine, input_size, size, self.pace_fps)
            except BaseException:
                choice.engine.close()
                raise
            if pace.kept or input_size == fitting[-1]:
                break
            choice.engine.close()
            too_slow = "%.0f ms a frame at %s is too slow for %g frames/s: smaller"
            _log.info(too_slow, pace.ms, input_size, self.pace_fps)
            # They are compared once: the winner is taken at the smaller sizes too.
            options = options.model_copy(update={"backend": choice.candidate.backend})
        loaded = LoadedEngine(
            shared=SharedEngine(choice.engine, self._row),
            input_size=input_size,
            backend=choice.candidate.backend,
            graph=choice.candidate.graph.sha256,
            made_by=self._described(choice, input_size),
            keeps_pace=pace.kept,
        )
        self._by_size[input_size] = loaded
        return loaded

    def _choice(self, input_size: Size, options: EngineOptions) -> Choice:
        graphs = self._graphs(input_size)
        try:
            return choose(graphs, options, depth=self.depth, report=self._report)
        except EngineError:
            if options == self.options:
                raise
            return choose(graphs, self.options, depth=self.depth, report=self._report)

    def _graphs(self, input_size: Size) -> list[Graph]:
        graph = graph_at(self.network, input_size)
        graphs = [graph, *variant_graphs(self.network, graph)]
        # A form rewritten for speed may not be there at every size.
        return [each for each in graphs if self._pinned and each.sha256 == self._pinned.graph] or graphs

    def _described(self, choice: Choice, input_size: Size) -> str:
        card = self.network.card
        name = f"{card.name}{'' if card.golden else ' (unverified)'}"
        return f"{name} at {input_size} on {describe(choice.engine)}"
