import numpy as np
import pytest

from deeplab_cv.engines.synchronous import Facts, SynchronousEngine
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size

FACTS = Facts("abacus", "cpu", "int8", 3, "1.2")
INPUT_SIZE = Size(4, 2)


def blob(value):
    return np.full((1, 3, *INPUT_SIZE.hw), value, np.float32)


def sums(blob):
    return blob.sum(axis=1)


def test_it_says_of_itself_what_the_runtime_says():
    engine = SynchronousEngine(FACTS, INPUT_SIZE, sums)

    assert (engine.name, engine.device, engine.precision) == ("abacus", "cpu", "int8")
    assert (engine.threads, engine.version, engine.depth) == (3, "1.2", 1)


def test_nothing_is_computed_before_the_result_is_asked_for():
    computed = []
    engine = SynchronousEngine(FACTS, INPUT_SIZE, lambda blob: computed.append(blob) or sums(blob))

    engine.submit(blob(2))
    assert computed == []
    inference = engine.result()

    assert len(computed) == 1
    np.testing.assert_array_equal(inference.scores, np.full((1, *INPUT_SIZE.hw), 6, np.float32))
    assert inference.ms >= 0


def test_a_second_tensor_is_refused_until_the_first_one_s_result_is_fetched():
    engine = SynchronousEngine(FACTS, INPUT_SIZE, sums)
    engine.submit(blob(1))

    with pytest.raises(EngineError, match="takes no tensor"):
        engine.submit(blob(2))

    assert engine.result().scores.max() == 3
    engine.submit(blob(2))
    assert engine.result().scores.max() == 6


def test_a_tensor_that_was_refused_is_not_computed():
    engine = SynchronousEngine(FACTS, INPUT_SIZE, sums)

    with pytest.raises(EngineError, match="does not fit"):
        engine.submit(np.zeros((1, 3, 4, 2), np.float32))
    with pytest.raises(EngineError, match="nothing to compute"):
        engine.result()


def test_a_tensor_on_which_the_runtime_failed_is_given_up_and_the_next_is_taken():
    def compute(blob):
        if blob[0, 0, 0, 0] == 1:
            raise EngineError("out of memory", "abacus", "close something")
        return sums(blob)

    engine = SynchronousEngine(FACTS, INPUT_SIZE, compute)
    engine.submit(blob(1))
    with pytest.raises(EngineError, match="out of memory"):
        engine.result()

    engine.submit(blob(2))

    assert engine.result().scores.max() == 6


def test_a_closed_engine_neither_takes_nor_computes_a_tensor():
    engine = SynchronousEngine(FACTS, INPUT_SIZE, sums)
    engine.submit(blob(1))

    engine.close()
    engine.close()

    with pytest.raises(EngineError, match="nothing to compute"):
        engine.result()
    with pytest.raises(EngineError, match="closed"):
        engine.submit(blob(1))
