from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.evaluate import Evaluation, evaluate
from tests.tiny_networks import tiny_network
from tests.tools.data.datasets import write_boxes


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Evaluation]:
    """Measures the tiny network on the boxes of `write_boxes`; `worst`: how many of the worst to keep."""
    folder = tmp_path_factory.mktemp("evaluated")
    network = open_network(tiny_network(folder))
    data = write_boxes(folder / "data")
    engines = partial(NetworkEngines, options=EngineOptions(backend="opencv:cpu", threads=1))

    def measure(*, worst: int = 3, lists: str = "all") -> Evaluation:
        records = find_records(data, [lists], network.card.classes, Path(folder))
        return evaluate(network, engines, records, None, worst, lambda: None)

    return measure
