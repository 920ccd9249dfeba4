"""One engine for several threads: each gets the scores of its own tensors, whatever the others hand in between."""

import threading
from collections import deque
from dataclasses import dataclass

from deeplab_cv.engines.engine import Blob, Engine, Inference
from deeplab_cv.engines.turns import Turns
from deeplab_cv.errors import EngineError


@dataclass(eq=False)
class Request:
    """A tensor in flight.

    Attributes:
        outcome: its inference, or why there is none; None until it is computed.
    """

    outcome: Inference | Exception | None = None


class Row:
    """Where threads line up for engines that compute on the same processor: one engine computes at a time.

    Attributes:
        turns: who may submit next.
        last: the engine that was used last; None before the first.
    """

    def __init__(self) -> None:
        self.turns = Turns()
        self.last: SharedEngine | None = None


class SharedEngine:
    """An engine whose results are handed to whoever submitted their tensor.

    Engines answer in order, so whoever needs a result, or room for a tensor, fetches the results before it as well and
    leaves them with their requests. Nobody waits for a thread that is slow to fetch its own. Threads submit in the
    order in which they came, so that those that always have a tensor ready all get the same share.

    Attributes:
        engine: the engine; while it is shared it is used through this object alone.
    """

    def __init__(self, engine: Engine, row: Row | None = None) -> None:
        """Nothing is in flight.

        Args:
            engine: the engine.
            row: where its threads line up with those of other engines; None where there are no others.
        """
        self.engine = engine
        self._in_flight: deque[Request] = deque()
        self._row = row or Row()
        self._fetching = threading.Lock()

    def submit(self, blob: Blob) -> Request:
        """Hand in a tensor, which stays untouched until its result is fetched. Raises EngineError."""
        with self._row.turns.taken():
            self._take_over()
            if self._full:
                with self._fetching:
                    # Another thread may have fetched while this one waited for its turn.
                    if self._full:
                        self._fetch_oldest()
            self.engine.submit(blob)
            request = Request()
            self._in_flight.append(request)
            return request

    def result(self, request: Request) -> Inference:
        """Wait for the scores of a tensor. Raises EngineError."""
        with self._fetching:
            while request.outcome is None:
                self._fetch_oldest()
        if isinstance(request.outcome, Exception):
            raise request.outcome
        return request.outcome

    def close(self) -> None:
        """Give back what the engine holds; requests still in flight end in an EngineError. Safe to call twice."""
        with self._row.turns.taken(), self._fetching:
            self.engine.close()

    @property
    def _full(self) -> bool:
        return len(self._in_flight) >= self.engine.depth

    def _take_over(self) -> None:
        """Wait for what another engine of the row computes; only in a turn."""
        last, self._row.last = self._row.last, self
        if last is not None and last is not self:
            with last._fetching:
                while last._in_flight:
                    last._fetch_oldest()

    def _fetch_oldest(self) -> None:
        """Leave the oldest result, or what went wrong, with its request; only with `_fetching` held."""
        outcome: Inference | Exception = EngineError("the inference was interrupted", self.engine.name, "ask again")
        try:
            outcome = self.engine.result()
        except Exception as error:
            outcome = error
        finally:
            # Also after Ctrl-C, or the next result would go to the wrong request.
            self._in_flight.popleft().outcome = outcome
