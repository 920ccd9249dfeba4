"""OpenCV's own DNN module."""

import cv2
import numpy as np

from deeplab_cv.engines import Blob
from deeplab_cv.errors import EngineError
from deeplab_cv.frame import Scores
from deeplab_cv.network import Graph

NAME = "opencv"


class OpenCVEngine:
    """A network in cv2.dnn, computed where its result is asked for."""

    name = NAME
    depth = 1

    def __init__(self, graph: Graph, device: str, threads: int) -> None:
        if threads:
            cv2.setNumThreads(threads)  # for all of OpenCV, this process over
        try:
            # Only this overload heeds the engine: from a buffer OpenCV 5.0 runs the new one, whatever is asked for.
            options = (cv2.dnn.ENGINE_CLASSIC,) if hasattr(cv2.dnn, "ENGINE_CLASSIC") else ()
            net = cv2.dnn.readNetFromONNX(str(graph.file), *options)
        except cv2.error as error:
            raise EngineError("OpenCV cannot read the network", graph.file, str(error)) from error
        self._net: cv2.dnn.Net | None = net
        self._card = graph.card
        self._blob: Blob | None = None
        self.device = device
        self.precision = graph.precision
        self.threads = cv2.getNumThreads()
        self.version = cv2.__version__

    def submit(self, blob: Blob) -> None:
        """Keep the tensor until its result is asked for."""
        self._blob = blob

    def result(self) -> Scores:
        """Compute the scores of the tensor handed in."""
        if self._net is None or self._blob is None:
            raise EngineError("nothing to compute", NAME, "hand in a tensor first")
        self._net.setInput(self._blob, self._card.input.name)
        self._blob = None
        # OpenCV writes the next result over this one.
        return np.array(self._net.forward(self._card.output.name)[0])

    def close(self) -> None:
        """Give back the network's memory."""
        self._net = None


def devices() -> tuple[str, ...]:
    """The devices this build of OpenCV claims."""
    return ("cpu",)


def load(graph: Graph, device: str, threads: int, depth: int) -> OpenCVEngine:
    """Load a graph on one of `devices()`. Raises EngineError."""
    return OpenCVEngine(graph, device, threads)
