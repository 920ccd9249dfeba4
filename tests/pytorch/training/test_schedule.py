from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.pytorch.training.schedule import WARM_UP_SHARE, Budget, learning_rate_factor


def test_steps_are_counted_whatever_time_they_took() -> None:
    assert [Budget(steps=4).share_used(step, seconds=1e6) for step in (0, 1, 4)] == [0, 0.25, 1]


def test_minutes_are_counted_however_many_steps_they_held() -> None:
    assert [Budget(minutes=2).share_used(step=99, seconds=seconds) for seconds in (0, 30, 500)] == [0, 0.25, 1]


@given(share=st.floats(0, 1))
def test_the_rate_stays_within_its_bounds(share: float) -> None:
    assert 0.01 <= learning_rate_factor(share) <= 1


def test_the_rate_rises_to_its_peak_then_falls() -> None:
    rising = [learning_rate_factor(WARM_UP_SHARE * part / 10) for part in range(11)]
    falling = [learning_rate_factor(WARM_UP_SHARE + (1 - WARM_UP_SHARE) * part / 10) for part in range(11)]
    assert rising == sorted(rising) and falling == sorted(falling, reverse=True) and falling[0] == 1
