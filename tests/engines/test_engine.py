import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.engines.engine import Inference, check_blob, describe, run_all
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size


class Echo:
    """An engine whose scores are its tensors, which counts how many are in flight."""

    name, device, precision = "echo", "cpu", "float16"

    def __init__(self, depth):
        self.depth = depth
        self.waiting = []
        self.most_in_flight = 0

    def submit(self, blob):
        self.waiting.append(blob)
        self.most_in_flight = max(self.most_in_flight, len(self.waiting))

    def result(self):
        return Inference(self.waiting.pop(0), 1.0)


@given(count=st.integers(0, 12), depth=st.integers(1, 5))
def test_every_tensor_is_computed_in_order_with_as_many_in_flight_as_the_engine_takes(count, depth):
    engine = Echo(depth)

    results = [inference.scores for inference in run_all(engine, range(count))]

    assert results == list(range(count))
    assert engine.most_in_flight == min(count, depth)


@pytest.mark.parametrize(
    "blob",
    [
        np.zeros((1, 3, 144, 80), np.float32),
        np.zeros((3, 80, 144), np.float32),
        np.zeros((2, 3, 80, 144), np.float32),
        np.zeros((1, 1, 80, 144), np.float32),
        np.zeros((1, 80, 144, 3), np.float32),
        np.zeros((1, 3, 80, 144), np.float64),
        np.zeros((1, 3, 80, 144), np.float16),
    ],
    ids=lambda blob: f"{blob.dtype} {blob.shape}",
)
def test_a_tensor_that_does_not_fit_is_shown_beside_what_is_taken(blob):
    with pytest.raises(EngineError) as error:
        check_blob(blob, Size(144, 80))

    assert f"expected float32 (1, 3, 80, 144), got {blob.dtype} {blob.shape}" in str(error.value)


def test_a_tensor_that_fits_is_taken():
    assert check_blob(np.zeros((1, 3, 80, 144), np.float32), Size(144, 80)) is None


def test_an_engine_is_described_by_name_device_and_precision():
    assert describe(Echo(1)) == "echo:cpu:float16"
