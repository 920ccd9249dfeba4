import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Graph, graph_for
from deeplab_cv.networks.opening import open_network
from tests.tiny_networks import tiny_network


@pytest.fixture(autouse=True)
def same_opencv_threads() -> Iterator[None]:
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


@pytest.fixture(scope="session")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_network(tmp_path_factory.mktemp("network"))


@pytest.fixture
def graph(network_file: Path) -> Graph:
    """The tiny network at 80x144."""
    return graph_for(open_network(network_file), Size(1280, 720))


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a package look as if it were not installed."""

    def forget(package: str) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"deeplab_cv.engines.{package}", raising=False)

    return forget
