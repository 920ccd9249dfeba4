import pytest

from deeplab_cv.sources.connection import Arrival
from deeplab_cv.sources.notices import Notices
from tests.sources.connections import picture

RATE = 25


def sighting(came_at, **facts):
    return Arrival(picture(), came_at, **facts)


def seen(pictures, nominal=RATE):
    """What is shown after the last of the pictures, and every line that was said."""
    said = []
    notices = Notices(nominal, said.append)
    shown = ()
    for each in pictures:
        shown = notices.see(each)
    return shown, said


def steady(seconds, rate=RATE, came_from=0.0, sent_from=0.0, fingerprint=None):
    return [
        sighting(
            came_from + number / rate,
            sent_at=sent_from + number / rate,
            fingerprint=number if fingerprint is None else fingerprint,
        )
        for number in range(round(seconds * rate))
    ]


def test_an_ordinary_stream_has_nothing_odd():
    assert seen(steady(60)) == ((), [])


def test_pictures_that_stand_still_for_ten_seconds_are_shown_and_said_once():
    assert seen(steady(60, fingerprint=1)) == (("the picture stands still",), ["the picture stands still"])


def test_pictures_that_stand_still_for_less_are_not():
    assert seen(steady(9.9, fingerprint=1)) == ((), [])


def test_a_picture_that_moves_again_is_no_longer_shown_as_still():
    assert seen([*steady(15, fingerprint=1), sighting(15.0, sent_at=15.0, fingerprint=2)]) == (
        (),
        ["the picture stands still"],
    )


def test_pictures_that_nobody_looked_at_do_not_stand_still():
    assert seen([sighting(number / RATE) for number in range(1000)]) == ((), [])


@pytest.mark.parametrize(
    ("step_s", "words"),
    [
        (-5.0, "its time jumped back by 5 s"),
        (-3600.0, "its time jumped back by 3600 s"),
        (3600.0, "its time jumped ahead by 3600 s"),
    ],
)
def test_time_that_jumps_is_shown_for_a_while(step_s, words):
    jumped = steady(2, came_from=3.0, sent_from=3.0 + step_s)

    assert seen([*steady(3), *jumped]) == ((words,), [words])
    assert seen([*steady(3), *steady(14, came_from=3.0, sent_from=3.0 + step_s)]) == ((), [words])


@pytest.mark.parametrize("step_s", [-0.2, 0.5, 9.0])
def test_small_steps_of_time_are_passed_over(step_s):
    assert seen([*steady(3), *steady(3, came_from=3.0, sent_from=3.0 + step_s)]) == ((), [])


def test_a_pause_of_a_minute_in_which_time_goes_on_is_no_jump():
    assert seen([*steady(3), *steady(3, came_from=63.0, sent_from=63.0)]) == ((), [])


def test_a_rate_far_over_what_the_source_says_is_shown():
    shown, said = seen(steady(10, rate=100))

    assert list(shown) == said == ["it sends 100 pictures a second, and says 25"]


@pytest.mark.parametrize(("rate", "nominal"), [(30, 25), (45, 25), (100, None)])
def test_a_rate_that_is_near_or_that_nobody_knows_is_not(rate, nominal):
    assert seen(steady(20, rate=rate), nominal) == ((), [])


def test_what_was_held_up_and_comes_all_at_once_is_no_rate():
    burst = [sighting(10 + number / 1000, sent_at=10 + number / 1000, fingerprint=number) for number in range(500)]

    assert seen([*steady(10), *burst, *steady(10, came_from=11.0, sent_from=11.0)]) == ((), [])
