import threading

import numpy as np
import pytest

from deeplab_cv.engines.engine import run_all
from deeplab_cv.engines.shared import SharedEngine
from deeplab_cv.errors import EngineError
from tests.engines.engines import load_or_skip, random_blob


@pytest.fixture(params=["opencv:cpu", "onnxruntime:cpu", "openvino:cpu"])
def engine(request, graph):
    engine = load_or_skip(request.param, graph, depth=2)
    yield engine
    engine.close()


def test_each_request_gets_the_scores_of_its_own_tensor_whoever_fetches_first(engine, graph):
    blobs = [random_blob(graph, seed) for seed in range(4)]
    expected = [each.scores for each in run_all(engine, blobs)]
    shared = SharedEngine(engine)

    requests = [shared.submit(blob) for blob in blobs]

    for request, scores in reversed(list(zip(requests, expected, strict=True))):
        np.testing.assert_array_equal(shared.result(request).scores, scores)


def test_threads_at_once_get_each_their_own_scores(engine, graph):
    blobs = [random_blob(graph, seed) for seed in range(3)]
    expected = [each.scores for each in run_all(engine, blobs)]
    shared, wrong = SharedEngine(engine), []

    def run(place):
        for _ in range(30):
            scores = shared.result(shared.submit(blobs[place])).scores
            if not np.array_equal(scores, expected[place]):
                wrong.append(place)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_requests_in_flight_at_the_close_end_in_an_error(engine, graph):
    shared = SharedEngine(engine)
    request = shared.submit(random_blob(graph, 0))

    shared.close()
    shared.close()

    with pytest.raises(EngineError):
        shared.result(request)
    with pytest.raises(EngineError, match="closed"):
        shared.submit(random_blob(graph, 1))
