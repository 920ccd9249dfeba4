"""Another engine or network while the picture goes on: loaded and proven in the background, then handed over."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deeplab_cv.errors import UserError
from deeplab_cv.networks.opening import network_files, open_network
from deeplab_cv.segmentation.segmenter import Segmenter


@dataclass
class Switch:
    """A segmenter that is being loaded.

    Attributes:
        segmenter: the new one once it is proven; None until then, and where all were refused.
        refused: why each one that was tried before cannot be used.
        done: the search is over.
    """

    segmenter: Segmenter | None = None
    refused: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)


def begin_switch(makers: Sequence[Callable[[], Segmenter]], size_wh: tuple[int, int]) -> Switch:
    """Try segmenters one after another in the background until one is proven right for frames of this size."""
    switch = Switch()

    def search() -> None:
        try:
            for make in makers:
                try:
                    segmenter = make()
                    segmenter.prepare(size_wh)
                except UserError as error:
                    switch.refused.append(str(error))
                else:
                    switch.segmenter = segmenter
                    return
        finally:
            switch.done.set()

    threading.Thread(target=search, name="loading", daemon=True).start()
    return switch


def other_backends(current: Segmenter, size_wh: tuple[int, int]) -> list[Callable[[], Segmenter]]:
    """Makers for every other backend, beginning behind the one at work."""
    return [partial(current.with_backend, backend) for backend in current.backends(size_wh)[1:]]


def other_networks(current: Segmenter, given: Path | None) -> list[Callable[[], Segmenter]]:
    """Makers for every other network that has a card in models/, and the one named on the command line."""
    files = network_files()
    files += [given] if given is not None and given not in files else []
    here = next((at for at, file in enumerate(files) if file == current.network.file), -1)
    others = [*files[here + 1 :], *files[: max(here, 0)]]
    return [partial(_with_network_file, current, file) for file in others]


def _with_network_file(current: Segmenter, file: Path) -> Segmenter:
    return current.with_network(open_network(file))
