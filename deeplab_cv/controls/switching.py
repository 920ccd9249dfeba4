"""Another engine or network while the picture goes on: loaded and proven in the background, then handed over."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from deeplab_cv.errors import UserError
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.networks.opening import network_files, open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.stream import Stream

Kind = Literal["engine", "network"]
"""What can be exchanged."""

Makers = Sequence[Callable[[], NetworkEngines]]
"""What could be switched to, none of it loaded yet."""


@dataclass(kw_only=True)
class Switch:
    """A stream whose engine is being loaded.

    Attributes:
        stream: the new one once its engine is proven; None until then, and where all were refused.
        made_by: its network and engine in words.
        refused: why each one that was tried before cannot be used.
        done: the search is over.
    """

    stream: Stream | None = None
    made_by: str = ""
    refused: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)


class Switching:
    """Has one engine or network after another loaded, never two at once."""

    def __init__(self, network_file: Path | None) -> None:
        """Nothing is loaded. `network_file`: the one named on the command line."""
        self._network_file = network_file
        self._switch: Switch | None = None

    @property
    def running(self) -> bool:
        """Another one is being loaded."""
        return self._switch is not None

    def begin(self, kind: Kind, current: Stream, size: Size) -> str:
        """Load another one for frames of this size, unless one is being loaded; returns a line for the user."""
        if self.running:
            return "still loading"
        find = {
            "engine": lambda: other_backends(current.engines, size),
            "network": lambda: other_networks(current.engines, self._network_file),
        }
        self._switch = begin_switch(current, find[kind], size)
        return f"loading another {kind} ..."

    def finish(self, pipeline: Pipeline) -> str:
        """Hand over what has been loaded; returns a line for the user, an empty one where no search has ended."""
        loaded = self._loaded()
        if loaded is None:
            return ""
        stream, outcome = loaded
        if stream is not None:
            pipeline.swap(stream)
        return outcome

    def _loaded(self) -> tuple[Stream | None, str] | None:
        """The stream that a search has found, perhaps none, and a line for the user; None where no search has ended."""
        if self._switch is None or not self._switch.done.is_set():
            return None
        switch, self._switch = self._switch, None
        outcome = "no other one works" if switch.refused else "there is no other one"
        if switch.stream is not None:
            outcome = f"now {switch.made_by}"
        return switch.stream, "; ".join([outcome, *switch.refused])

    def close(self) -> None:
        """Let go of what was loaded and not handed over."""
        switch = self._switch
        if switch is not None and switch.done.is_set() and switch.stream is not None:
            switch.stream.close()


def begin_switch(current: Stream, find: Callable[[], Makers], size: Size) -> Switch:
    """Try engines one after another in the background until one is proven right for frames of this size.

    Args:
        current: the stream at work.
        find: finds what to try, in the background too, since that takes long.
        size: of the frames, in pixels.
    """
    switch = Switch()

    def search() -> None:
        try:
            for make in find():
                engines = None
                try:
                    engines = make()
                    switch.made_by = engines.load(size).made_by
                except UserError as error:
                    switch.refused.append(str(error))
                    if engines is not None:
                        engines.close()
                else:
                    switch.stream = current.on_engines(engines)
                    return
        except UserError as error:
            switch.refused.append(str(error))
        finally:
            switch.done.set()

    threading.Thread(target=search, name="loading", daemon=True).start()
    return switch


def other_backends(current: NetworkEngines, size: Size) -> Makers:
    """Makers for every other backend, beginning behind the one at work; takes long. Raises EngineError."""
    return [partial(current.with_backend, backend) for backend in current.find_backends(size)[1:]]


def other_networks(current: NetworkEngines, given: Path | None) -> Makers:
    """Makers for every other network that has a card in models/, and the one named on the command line."""
    files = network_files()
    files += [given] if given is not None and given not in files else []
    here = next((at for at, file in enumerate(files) if file == current.network.file), -1)
    others = [*files[here + 1 :], *files[: max(here, 0)]]
    return [partial(_with_network_file, current, file) for file in others]


def _with_network_file(current: NetworkEngines, file: Path) -> NetworkEngines:
    return current.with_network(open_network(file))
