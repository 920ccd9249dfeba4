"""Interlaced frames, two half pictures of two moments in alternate lines -> whole pictures of one moment each."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import av.error
from av.filter import Graph
from av.video.frame import VideoFrame

_log = logging.getLogger(__name__)

_FILTER = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
"""FFmpeg's filter: a frame for each frame, at its own time; those that are progressive stay as they are."""


_MICROSECOND = Fraction(1, 1_000_000)


class Deinterlacer:
    """Passes frames on as they are until the first interlaced one; from there on each comes one frame later."""

    def __init__(self, name: str) -> None:
        """No frame has come yet.

        Args:
            name: the source's, for the line that says that it is interlaced.
        """
        self._name = name
        self._graph: Graph | None = None
        self._form: tuple[int, int, str] | None = None
        self._time_base = _MICROSECOND
        self._begun = False

    def frames_of(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """Take the next frame; what is ready then."""
        if frame.interlaced_frame and not self._begun:
            self._begun = True
            _say_once(self._name)
        if not self._begun:
            yield frame
            return
        form = (frame.width, frame.height, frame.format.name)
        if form != self._form:
            yield from self.rest()
            self._form, self._time_base = form, frame.time_base or _MICROSECOND
            self._graph = _graph_for(frame, self._time_base)
        assert self._graph is not None
        self._graph.push(frame)
        yield from self._ready(self._graph)

    def rest(self) -> Iterator[VideoFrame]:
        """What is left at the end."""
        graph, self._graph, self._form = self._graph, None, None
        if graph is not None:
            graph.push(None)
            yield from self._ready(graph)

    def _ready(self, graph: Graph) -> Iterator[VideoFrame]:
        while True:
            try:
                frame = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, VideoFrame)
            # The filter counts time in halves of the unit that it was given.
            shorter = (frame.time_base or self._time_base) / self._time_base
            if frame.pts is not None:
                frame.pts = round(frame.pts * shorter)
            frame.duration = round(frame.duration * shorter)
            frame.time_base = self._time_base
            yield frame


@lru_cache(maxsize=16)
def _say_once(name: str) -> None:
    """A video that is played in a loop is opened again and again."""
    _log.info("%s is interlaced: its frames are deinterlaced", name)


def _graph_for(frame: VideoFrame, time_base: Fraction) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    deinterlaced, sink = graph.add(*_FILTER), graph.add("buffersink")
    source.link_to(deinterlaced)
    deinterlaced.link_to(sink)
    graph.configure()
    return graph
