import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.controls.status import Message, Rate

FOR_EVER_S = 1e9


@given(per_second=st.floats(1, 240), frames=st.integers(2, 200), begun_at=st.floats(0, 1e6))
def test_frames_that_come_evenly_are_counted_as_they_come(per_second, frames, begun_at):
    rate = Rate()
    for number in range(frames):
        rate.count(begun_at + number / per_second)

    assert rate.per_second == pytest.approx(per_second, rel=1e-3)


@pytest.mark.parametrize("moments", [[], [5.0], [5.0, 5.0], [5.0, 100.0]])
def test_there_is_no_rate_before_two_frames_of_two_moments(moments):
    rate = Rate()
    for moment in moments:
        rate.count(moment)

    assert rate.per_second == 0


def test_the_rate_is_that_of_the_last_two_seconds():
    rate = Rate()
    for number in range(100):
        rate.count(number / 100)
    for number in range(30):
        rate.count(10 + number / 10)

    assert rate.per_second == pytest.approx(10)


def test_a_message_goes_once_its_time_is_over():
    message = Message(seconds=0.0)
    message.say("switched")

    assert message.text == "switched"
    assert message.expire()
    assert message.text == ""


def test_a_message_stays_until_its_time_is_over():
    message = Message(seconds=FOR_EVER_S)
    message.say("switched")

    assert not message.expire()
    assert message.text == "switched"


def test_a_message_that_is_gone_expires_no_second_time():
    message = Message(seconds=0.0)

    assert not message.expire()
    message.say("switched")
    assert [message.expire(), message.expire()] == [True, False]


def test_a_later_message_takes_the_place_of_the_one_before():
    message = Message(seconds=FOR_EVER_S)
    message.say("loading another backend ...")
    message.say("switched")

    assert message.text == "switched"
