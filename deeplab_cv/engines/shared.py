"""One engine for several threads: each gets the scores of its own tensors, whatever the others hand in between."""

import threading
from collections import deque
from dataclasses import dataclass

from deeplab_cv.engines.engine import Blob, Engine, Inference
from deeplab_cv.errors import EngineError


@dataclass(eq=False)
class Request:
    """A tensor in flight.

    Attributes:
        outcome: its inference, or why there is none; None until it is computed.
    """

    outcome: Inference | Exception | None = None


class SharedEngine:
    """An engine whose results are handed to whoever submitted their tensor.

    Engines answer in order, so whoever needs a result, or room for a tensor, fetches the results before it as well and
    leaves them with their requests. Nobody waits for a thread that is slow to fetch its own.

    Attributes:
        engine: the engine; while it is shared it is used through this object alone.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._in_flight: deque[Request] = deque()
        self._submitting = threading.Lock()
        self._fetching = threading.Lock()

    def submit(self, blob: Blob) -> Request:
        """Hand in a tensor, which stays untouched until its result is fetched. Raises EngineError."""
        with self._submitting:
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
        with self._submitting, self._fetching:
            self.engine.close()

    @property
    def _full(self) -> bool:
        return len(self._in_flight) >= self.engine.depth

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
