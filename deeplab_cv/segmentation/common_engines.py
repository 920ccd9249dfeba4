"""The engines of several streams: opened for the first of them, closed with the last."""

import threading
from collections.abc import Callable

from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.stream import Stream


class CommonEngines:
    """Gives streams on one set of engines; to be used from any thread."""

    def __init__(self, open_engines: Callable[[], NetworkEngines], pace: PaceOptions, *, shared_by: int) -> None:
        """No engine is opened yet.

        Args:
            open_engines: opens them, which may take a minute.
            pace: which frames of each stream are inferred.
            shared_by: how many streams there will be.
        """
        self._open_engines = open_engines
        self._pace = pace
        self._shared_by = shared_by
        self._changing = threading.Lock()
        self._engines: NetworkEngines | None = None
        self._error: Exception | None = None
        self._streams = 0

    def stream(self) -> Stream:
        """Another stream; the first one opens the engines, and others wait meanwhile. Raises EngineError."""
        with self._changing:
            if self._error is not None:
                raise self._error
            if self._engines is None:
                try:
                    self._engines = self._open_engines()
                except Exception as error:
                    # What took a minute to fail would fail once more for each.
                    self._error = error
                    raise
            self._streams += 1
            return Stream(self._engines, self._pace, shared_by=self._shared_by, left=self._leave)

    def _leave(self) -> None:
        """A stream was closed."""
        with self._changing:
            self._streams -= 1
            if self._streams == 0 and self._engines is not None:
                engines, self._engines = self._engines, None
                engines.close()
