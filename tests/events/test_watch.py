from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.events.watch import Event, EventRules, EventWatch

RULES = EventRules(share=0.1, lasts_s=1.0, pre_roll_s=2.0, post_roll_s=3.0)


def events_of(shares, rules=RULES, held=(), gap_s=0.5):
    """The events of shares that come twice a second, each as it is known at its end."""
    watch, events, known = EventWatch(rules), [], None
    for number, share in enumerate(shares):
        change = watch.step(number * gap_s, share, held=number in held)
        if change == "end":
            events.append(known)
        known = watch.event or known
    if watch.end() == "end":
        events.append(known)
    return events


def test_an_event_lasts_from_when_the_class_came_to_when_it_was_seen_last():
    (event,) = events_of([0, 0, 0.2, 0.3, 0.2, 0.1, 0, 0])

    assert event == Event(start_s=1.0, end_s=2.5, peak_share=0.3, peak_s=1.5)


def test_what_is_there_for_a_moment_only_is_no_event():
    assert events_of([0, 0.5, 0.5, 0, 0.5, 0.5, 0]) == []


def test_it_may_tremble_round_the_limit():
    (event,) = events_of([0.1, 0.06, 0.1, 0.06, 0.06, 0.04, 0.06, 0])

    assert (event.start_s, event.end_s) == (0.0, 2.0)


def test_what_never_fills_enough_is_no_event():
    assert events_of([0.09] * 20) == []


def test_one_that_comes_back_during_the_post_roll_is_the_same_event_at_once():
    (event,) = events_of([0.2] * 3 + [0] * 5 + [0.4] + [0] * 30)

    assert (event.start_s, event.end_s, event.peak_share, event.peak_s) == (0.0, 4.0, 0.4, 4.0)


def test_one_whose_pre_roll_would_reach_into_the_recording_before_is_the_same_event():
    (event,) = events_of([0.2] * 3 + [0] * 8 + [0.4] * 4 + [0] * 30)

    assert (event.start_s, event.end_s, event.peak_s) == (0.0, 7.0, 5.5)


def test_a_moment_behind_the_post_roll_does_not_prolong_an_event():
    (event,) = events_of([0.2] * 3 + [0] * 8 + [0.4] + [0] * 30)

    assert (event.end_s, event.peak_share) == (1.0, 0.2)


def test_one_that_comes_later_is_another_event():
    first, second = events_of([0.2] * 3 + [0] * 11 + [0.4] * 4 + [0] * 30)

    assert (first.end_s, second.start_s) == (1.0, 7.0)


def test_after_a_gap_in_time_it_is_another_event():
    watch = EventWatch(RULES)
    film = [(0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 0), (100, 0.5), (100.5, 0.5), (101, 0.5)]
    changes = [watch.step(time_s, share) for time_s, share in film]

    assert changes == [None, None, "begin", None, "end", None, "begin"]


def test_what_is_held_is_an_event_at_once_and_ends_with_a_post_roll():
    watch = EventWatch(RULES)
    changes = [watch.step(number, 0.0, held=2 <= number < 4) for number in range(12)]

    assert changes.index("begin") == 2 and changes.index("end") == 9


def test_it_says_up_to_when_pictures_are_recorded():
    watch = EventWatch(RULES)
    limits = []
    for number, share in enumerate([0, 0.2, 0.2, 0.2, 0, 0.01, 0.2]):
        watch.step(number, share)
        limits.append(watch.recorded_until_s)

    assert limits == [None, None, None, None, 6.0, 6.0, None]


@st.composite
def films(draw):
    gaps = draw(st.lists(st.floats(0.01, 4.0), min_size=1, max_size=80))
    shares = draw(st.lists(st.sampled_from([0.0, 0.04, 0.07, 0.1, 0.3, 0.9]), min_size=len(gaps), max_size=len(gaps)))
    times, now = [], 0.0
    for gap in gaps:
        now += gap
        times.append(now)
    seconds = st.floats(0, 5)
    rules = EventRules(share=0.1, lasts_s=draw(seconds), pre_roll_s=draw(seconds), post_roll_s=draw(seconds))
    return rules, list(zip(times, shares, strict=True))


def run(rules, film):
    watch, events, changes, known = EventWatch(rules), [], [], None
    for time_s, share in film:
        change = watch.step(time_s, share)
        changes += [change] if change else []
        if change == "end":
            events.append(known)
        known = watch.event or known
    if watch.end():
        changes.append("end")
        events.append(known)
    return events, changes


@given(films())
def test_events_begin_and_end_in_turns_and_their_recordings_never_overlap(film):
    rules, pictures = film
    events, changes = run(rules, pictures)

    assert changes == ["begin", "end"] * len(events)
    for one, two in pairwise(events):
        assert two.start_s - rules.pre_roll_s > one.end_s + rules.post_roll_s


@given(films())
def test_an_event_begins_with_enough_of_the_class_lasts_and_knows_its_peak(film):
    rules, pictures = film
    shares = dict(pictures)

    for event in run(rules, pictures)[0]:
        assert shares[event.start_s] >= rules.share
        assert shares[event.end_s] >= rules.share_to_stay
        assert event.end_s - event.start_s >= rules.lasts_s
        assert event.peak_share == shares[event.peak_s]
        assert event.start_s <= event.peak_s <= event.end_s


@given(films())
def test_every_stretch_of_enough_that_lasts_is_part_of_an_event(film):
    rules, pictures = film
    events = run(rules, pictures)[0]
    begin = None
    for time_s, share in pictures:
        begin = (time_s if begin is None else begin) if share >= rules.share else None
        if begin is not None and time_s - begin >= rules.lasts_s + 1e-9:
            assert any(event.start_s <= begin and time_s <= event.end_s for event in events)


@pytest.mark.parametrize("lasts_s", [0.0, 1.0])
def test_nothing_seen_is_nothing_recorded(lasts_s):
    rules = EventRules(share=0.1, lasts_s=lasts_s, pre_roll_s=0, post_roll_s=0)

    assert events_of([0.0] * 20, rules) == []
