import pytest

from deeplab_cv.sources.state import SourceState


@pytest.mark.parametrize(
    ("left_s", "words"),
    [(4.0, "in 4 s"), (3.2, "in 4 s"), (0.01, "in 1 s"), (0.0, "in 1 s"), (-2.0, "in 1 s"), (59.5, "in 60 s")],
)
def test_a_source_that_is_gone_says_when_it_is_tried_again(left_s, words):
    state = SourceState("camera 0", "gone", retry_at=100.0 + left_s)

    assert state.line(100.0) == f"camera 0 is gone, trying again {words}"


def test_a_try_under_way_has_no_time():
    assert SourceState("camera 0", "connecting").line(1.0) == "camera 0 is gone, trying again"


def test_a_source_that_plays_says_nothing():
    assert SourceState("camera 0").line(1.0) == ""


@pytest.mark.parametrize(
    ("reconnects", "stalls", "words"),
    [(0, 0, ""), (1, 0, "1 reconnect"), (2, 1, "2 reconnects, 1 stall"), (0, 3, "3 stalls")],
)
def test_the_history_counts_what_happened(reconnects, stalls, words):
    assert SourceState("camera 0", reconnects=reconnects, stalls=stalls).history == words
