import pytest

from deeplab_cv.bench.memory import growth_mb


def test_memory_that_grows_is_told_by_how_much_since_it_settled():
    samples = [(second, 200 + second) for second in range(101)]

    assert growth_mb(samples) == pytest.approx(70, abs=1)


def test_what_fills_at_the_beginning_is_no_growth():
    samples = [(second, min(300, 100 + 20 * second)) for second in range(100)]

    assert growth_mb(samples) == pytest.approx(0, abs=0.01)
