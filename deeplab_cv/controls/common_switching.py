"""Another engine or network for several streams at once: loaded and proven once, then handed over to each."""

import threading
from pathlib import Path

from deeplab_cv.controls.switching import Kind, Switching
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.segmentation.common_engines import CommonEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.segmentation.stream import Stream


class CommonSwitching(Switching):
    """What several controls exchange their engines by; to be used from any thread."""

    def __init__(self, network_file: Path | None, pace: PaceOptions, *, shared_by: int) -> None:
        """Nothing is loaded.

        Args:
            network_file: the one named on the command line.
            pace: which frames of each stream are inferred.
            shared_by: how many streams there are.
        """
        super().__init__(network_file)
        self._pace = pace
        self._shared_by = shared_by
        self._handing = threading.Lock()
        self._outcome = ""
        self._told: set[Pipeline] = set()
        self._common: CommonEngines | None = None
        self._held: Stream | None = None

    def begin(self, kind: Kind, current: Stream, size: Size) -> str:
        """Load another one, unless one is being loaded; returns a line for the user."""
        with self._handing:
            return super().begin(kind, current, size)

    def finish(self, pipeline: Pipeline) -> str:
        """Hand over what has been loaded to one more pipeline; returns a line for the user once for each."""
        with self._handing:
            if loaded := self._loaded():
                stream, self._outcome = loaded
                self._told.clear()
                self._share(stream)
            if not self._outcome or pipeline in self._told:
                return ""
            self._told.add(pipeline)
            if self._common is not None:
                pipeline.swap(self._common.stream())
            return self._outcome

    def close(self) -> None:
        """One of the runs is over: the others go on."""

    def let_go(self) -> None:
        """All runs are over: give back what was loaded."""
        with self._handing:
            super().close()
            self._share(None)

    def _share(self, stream: Stream | None) -> None:
        """Have this stream's engines in common from now on. One stream is held, so that they stay open until then."""
        held, self._held, self._common = self._held, None, None
        if stream is not None:
            engines = stream.engines
            self._common = CommonEngines(lambda: engines, self._pace, shared_by=self._shared_by)
            self._held = self._common.stream()
        if held is not None:
            held.close()
