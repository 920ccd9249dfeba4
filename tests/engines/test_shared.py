import threading

import numpy as np
import pytest

from deeplab_cv.engines.engine import run_all
from deeplab_cv.engines.shared import Row, SharedEngine
from deeplab_cv.engines.synchronous import Facts, SynchronousEngine
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from tests.engines.engines import load_or_skip, random_blob
from tests.waiting import HANGS_S, wait_for


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


class Watched(SynchronousEngine):
    """An engine of numbers that notes which one computes."""

    def __init__(self, name, log, meanwhile=lambda: None):
        def compute(blob):
            log.append(f"{name} begins")
            meanwhile()
            log.append(f"{name} ends")
            return blob[0, :, :1, :1].copy()

        super().__init__(Facts(name, "cpu", "float32", 1, "1"), Size(16, 8), compute)


def blob_of(number):
    return np.full((1, 3, 8, 16), number, np.float32)


def test_engines_of_one_row_compute_one_after_the_other():
    row, log = Row(), []
    one, other = (SharedEngine(Watched(name, log), row) for name in ("one", "other"))

    request = one.submit(blob_of(1))
    other.result(other.submit(blob_of(2)))

    assert log == ["one begins", "one ends", "other begins", "other ends"]
    assert one.result(request).scores[0, 0, 0] == 1


def test_threads_on_two_engines_of_a_row_have_turns_of_equal_number():
    row, log, answers, wanted = Row(), [], [], 40

    def saturated():
        # All who still run have asked for their next turn: the row is never short of threads.
        if len(log) < 2 * (3 * wanted - 6):
            wait_for(lambda: row.turns.waiting >= 1)

    engines = [SharedEngine(Watched(str(number), log, saturated), row) for number in range(2)]

    def run(name, shared):
        for number in range(wanted):
            answers.append((name, shared.result(shared.submit(blob_of(number))).scores[0, 0, 0] == number))

    threads = [threading.Thread(target=run, args=(place, engines[place > 0])) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS_S)

    assert all(right for _, right in answers)
    # Two threads share the second engine, and all three have had about as many turns at any time.
    middle = [name for name, _ in answers[: len(answers) // 2]]
    assert all(abs(middle.count(name) - wanted / 2) <= 5 for name in range(3))
