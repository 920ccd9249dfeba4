import itertools
import logging
import random
import threading

import pytest

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources import live
from deeplab_cv.sources.connection import Arrival, Clock, StalledError, StubbornError
from deeplab_cv.sources.live import MICROSECOND
from tests.sources.connections import (
    BROKEN,
    REFUSED,
    SILENT,
    FakeClock,
    FakeConnection,
    live_source,
    picture,
)
from tests.waiting import HANGS_S

WRONG_PASSWORD = StubbornError("nobody is let in (401)", "fake://", "write another password")


class WaitingClock(Clock):
    """The system's clock, by which every wait is long."""

    def __init__(self):
        self.waiting = threading.Event()

    def wait(self, event, seconds):
        self.waiting.set()
        return event.wait(HANGS_S)


@pytest.fixture
def clock():
    return FakeClock()


def frames_of(source, count):
    return [source.read() for _ in range(count)]


def test_times_count_from_the_first_frame_in_microseconds(clock):
    source, _ = live_source(clock, [0.0, 0.5, 1.75])

    frames = frames_of(source, 3)

    assert [frame.pts for frame in frames] == [0, 500_000, 2_250_000]
    assert [frame.captured_at for frame in frames] == [1000.0, 1000.5, 1002.25]
    assert {frame.time_base for frame in frames} == {MICROSECOND}


def test_times_and_numbers_rise_where_frames_come_at_the_same_moment(clock):
    source, _ = live_source(clock, [0.0] * 4)

    frames = frames_of(source, 4)

    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))


def test_a_first_picture_that_waited_long_for_its_reader_is_not_given(clock):
    source, _ = live_source(clock, [lambda: Arrival(picture(), clock.now() - 3.0), 0.0])

    assert source.read().captured_at == clock.now()


def test_a_source_that_breaks_off_comes_back_and_numbers_and_times_go_on(clock):
    source, server = live_source(clock, [1.0, 1.0], [1.0, 1.0])

    frames = frames_of(source, 4)

    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [float(frame.time_s) for frame in frames] == [0.0, 1.0, 3.0, 4.0]
    assert source.state.reconnects == 1
    assert source.state.phase == "playing"
    assert [connection.closed for connection in server.opened] == [1, 0]


@pytest.mark.parametrize("losses", range(1, 12))
def test_each_try_that_fails_waits_longer_however_many_there_are(clock, losses):
    source, server = live_source(clock, [1.0], *[REFUSED] * losses, [1.0])

    frames_of(source, 2)

    between = [later - earlier for earlier, later in itertools.pairwise(server.tried_at[1:])]
    assert between == ([2, 4, 8, 15] + [30] * losses)[:losses]


@pytest.mark.parametrize(("seconds", "next_s"), [(29.0, 2.0), (31.0, 1.0)])
def test_only_half_a_minute_of_pictures_begins_the_delays_anew(clock, seconds, next_s):
    source, server = live_source(clock, [1.0], [0.0] + [seconds / 10] * 10, [1.0])

    frames_of(source, 13)

    lost_at = server.tried_at[1] + seconds
    assert server.tried_at[2] - lost_at == pytest.approx(next_s)


def test_silence_at_the_end_does_not_count_among_the_half_minute_of_pictures(clock):
    def silence():
        clock.now_s += 20
        raise SILENT

    source, server = live_source(clock, [1.0], [15.0, silence], [1.0])

    frames_of(source, 3)

    assert server.tried_at[2] - server.tried_at[1] == pytest.approx(15 + 20 + 2)


@pytest.mark.parametrize("ever", [True, False], ids=["lost", "missing at the start"])
@pytest.mark.parametrize("retry", range(6))
def test_a_source_is_given_up_after_as_many_tries_as_retry_says(clock, retry, ever):
    tries = [[1.0], REFUSED] if ever else [REFUSED]

    with pytest.raises(SourceError, match="broke off" if ever and retry == 0 else "refused"):
        source, _ = live_source(clock, *tries, retry=retry)
        while source.read() is not None:
            pass

    waits = [1, 2, 4, 8, 15, 30][:retry]
    assert clock.waited == waits


def test_without_retry_it_is_tried_for_ever(clock):
    source, server = live_source(clock, *[REFUSED] * 500, [1.0])

    assert source.read() is not None
    assert len(server.tried_at) == 501


def test_a_source_that_is_missing_at_the_start_is_said_at_once_and_waited_for(clock, caplog):
    caplog.set_level(logging.INFO)
    source, _ = live_source(clock, REFUSED, REFUSED, [1.0], assumed_size=Size(320, 180))

    assert source.state.phase == "gone"
    assert source.info.size == Size(320, 180)
    assert source.info.live
    assert caplog.messages == [
        "fake 0: connection refused; see whether it runs; trying again in 1 s, --retry 0 ends the run instead"
    ]
    assert source.read().size == Size(64, 48)
    assert source.info.size == Size(64, 48)
    assert caplog.messages[1:] == ["fake 0 is there after 3 s"]
    assert source.state.reconnects == 0


def test_each_change_of_state_is_one_line(clock, caplog):
    caplog.set_level(logging.INFO)
    source, _ = live_source(clock, [1.0], REFUSED, REFUSED, REFUSED, [1.0], REFUSED, [1.0])

    frames_of(source, 3)

    assert caplog.messages == [
        "fake 0 is gone (the stream broke off), trying again in 1 s",
        "fake 0 is back after 15 s",
        "fake 0 is gone (the stream broke off), trying again in 15 s",
        "fake 0 is back after 45 s",
    ]


def test_a_wrong_password_is_said_once_and_tried_again_each_minute(clock, caplog):
    source, server = live_source(clock, WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD, [1.0])

    source.read()

    assert [later - earlier for earlier, later in itertools.pairwise(server.tried_at)] == [60, 60, 60]
    said = [message for message in caplog.messages if "401" in message]
    assert len(said) == 1
    assert said[0].startswith("fake 0: nobody is let in (401); write another password; trying again each minute, ")


def test_a_password_that_is_changed_while_it_plays_is_said_once(clock, caplog):
    source, _ = live_source(clock, [1.0], REFUSED, WRONG_PASSWORD, WRONG_PASSWORD, [1.0])

    frames_of(source, 2)

    assert caplog.messages[:2] == [
        "fake 0 is gone (the stream broke off), trying again in 1 s",
        "fake 0 is gone (nobody is let in (401)), trying again each minute",
    ]
    assert len(caplog.messages) == 3


def test_what_cannot_be_meant_is_not_waited_for(clock):
    with pytest.raises(UsageError):
        live_source(clock, UsageError("no whole URL", "rtsp:host", "write rtsp://"))


def test_a_sender_that_says_it_has_ended_ends_the_run(clock):
    source, server = live_source(clock, [1.0, None], [1.0])

    assert source.read() is not None
    assert source.read() is None
    assert source.read() is None
    assert len(server.tried_at) == 1


def test_a_sender_that_has_ended_when_it_is_tried_again_ends_the_run(clock):
    source, _ = live_source(clock, [1.0], REFUSED, None)

    assert source.read() is not None
    assert source.read() is None


def test_stalls_and_reconnects_are_counted_apart(clock):
    source, _ = live_source(clock, [1.0, SILENT], [1.0, BROKEN], [1.0, SILENT], [1.0])

    frames_of(source, 4)

    assert (source.state.reconnects, source.state.stalls) == (3, 2)
    assert source.state.history == "3 reconnects, 2 stalls"


def test_while_it_is_gone_the_state_says_why_and_when_it_is_tried_again(clock):
    states = []

    def look():
        states.append(source.state)
        raise REFUSED

    def wait(event, seconds):
        states.append(source.state)
        clock.now_s += seconds
        return False

    clock.wait = wait
    source, _ = live_source(clock, [1.0], look, [1.0])
    frames_of(source, 2)

    gone, connecting, again = states
    assert (gone.phase, gone.reason) == ("gone", "the stream broke off")
    assert gone.line(1001.0) == "fake 0 is gone, trying again in 1 s"
    assert (connecting.phase, connecting.retry_at) == ("connecting", None)
    assert (again.phase, again.reason, again.tries) == ("gone", "connection refused", 2)
    assert source.state.line(clock.now()) == ""


def test_a_read_that_a_driver_keeps_is_shown_as_gone_though_it_has_not_come_back(clock):
    states = []

    def hang():
        clock.now_s += 4.9
        states.append(source.state.phase)
        clock.now_s += 0.2
        states.append(source.state)
        return Arrival(picture(), clock.now())

    source, _ = live_source(clock, [0.0, hang])
    frames_of(source, 2)

    assert states[0] == "playing"
    assert (states[1].phase, states[1].reason) == ("gone", "no picture for 5 s")
    assert source.state.phase == "playing"


def test_the_end_comes_by_the_clock_while_frames_come(clock):
    source, _ = live_source(clock, [1.0] * 20, end=5.0)

    frames = list(iter(source.read, None))

    assert [float(frame.time_s) for frame in frames] == [0, 1, 2, 3, 4]


def test_the_end_comes_by_the_clock_while_the_source_is_gone(clock):
    source, _ = live_source(clock, [1.0], REFUSED, end=20.0)

    assert len(list(iter(source.read, None))) == 1
    assert clock.now() == pytest.approx(1021.0)


def test_the_end_counts_from_the_first_frame_of_a_source_that_was_missing(clock):
    source, _ = live_source(clock, REFUSED, [1.0] * 20, end=2.0)

    assert len(list(iter(source.read, None))) == 2


def test_frames_that_were_only_looked_at_do_not_count(clock):
    source, _ = live_source(clock, [1.0] * 5)
    frames_of(source, 2)

    source.count_anew()

    frame = source.read()
    assert (frame.index, frame.pts) == (0, 0)


def test_a_new_size_in_mid_stream_and_after_a_reconnect_is_taken(clock):
    wide = FakeConnection(clock, [1.0, 1.0], size=Size(128, 48))
    source, _ = live_source(clock, [1.0, lambda: Arrival(picture(size=Size(32, 96)), clock.now())], wide)

    assert [frame.size for frame in frames_of(source, 3)] == [Size(64, 48), Size(32, 96), Size(128, 48)]
    assert source.info.size == Size(128, 48)


def test_a_source_without_a_rate_has_none_once_it_is_there(clock):
    source, _ = live_source(clock, REFUSED, FakeConnection(clock, [1.0], rate=None))

    assert source.info.frame_rate == 30
    source.read()
    assert source.info.frame_rate is None


def test_notices_are_shown_and_said_once(clock, caplog):
    steps = [lambda: clock.wait(threading.Event(), 1.0) or Arrival(picture(), clock.now(), fingerprint=5)] * 30
    source, _ = live_source(clock, steps)

    frames_of(source, 20)

    assert source.state.notices == ("the picture stands still",)
    assert caplog.messages == ["fake 0: the picture stands still"]


def test_closing_while_it_is_waited_for_ends_the_read_at_once():
    clock = WaitingClock()
    source, _ = live_source(clock, REFUSED)
    got = []
    reader = threading.Thread(target=lambda: got.append(source.read()), daemon=True)
    reader.start()
    assert clock.waiting.wait(HANGS_S)

    source.close()

    reader.join(HANGS_S)
    assert got == [None]


def test_whoever_asks_for_a_try_now_need_not_wait():
    clock = WaitingClock()
    source, server = live_source(clock, REFUSED, [lambda: Arrival(picture(), clock.now())])
    got = []
    reader = threading.Thread(target=lambda: got.append(source.read()), daemon=True)
    reader.start()
    assert clock.waiting.wait(HANGS_S)

    source.try_now()

    reader.join(HANGS_S)
    assert got[0] is not None
    assert len(server.tried_at) == 2


def test_an_error_after_closing_is_an_end(clock):
    def fail():
        source.close()
        raise BROKEN

    source, server = live_source(clock, [fail], retry=0)

    assert source.read() is None
    assert server.opened[0].closed


def test_an_error_before_closing_is_raised_where_nothing_is_tried_again(clock):
    source, _ = live_source(clock, [BROKEN], retry=0)

    with pytest.raises(SourceError, match="broke off"):
        source.read()


@pytest.mark.parametrize("part", ["connecting", "reading"])
def test_a_call_that_the_device_keeps_lets_go_of_it_when_it_comes_back(monkeypatch, clock, part):
    monkeypatch.setattr(live, "_CLOSE_PATIENCE_S", 0.01)
    inside, answer = threading.Event(), threading.Event()
    kept = FakeConnection(clock, [0.0])

    def hang():
        inside.set()
        answer.wait(HANGS_S)
        return kept if part == "connecting" else Arrival(picture(), clock.now())

    source, server = live_source(clock, [BROKEN] if part == "connecting" else [hang], hang, [0.0])
    answers = []
    reader = threading.Thread(target=lambda: answers.append(source.read()), daemon=True)
    reader.start()
    assert inside.wait(HANGS_S)

    source.close()

    assert not answers
    answer.set()
    reader.join(HANGS_S)
    assert answers == [None]
    assert all(connection.closed for connection in server.opened)


@pytest.mark.parametrize("seed", range(300))
def test_whatever_happens_times_rise_nothing_is_left_open_and_delays_keep_their_bounds(seed):
    chance = random.Random(seed)
    clock = FakeClock()

    def part():
        steps = [chance.choice([0.0, 0.03, 1.0, 4.9]) for _ in range(chance.randrange(1, 40))]
        return [*steps, chance.choice([BROKEN, SILENT, StalledError("silent", "fake://", "wait")])]

    def late():
        clock.now_s += 5.0
        raise REFUSED

    things = [part, part, lambda: REFUSED, lambda: WRONG_PASSWORD, lambda: late]
    tries = [chance.choice(things)() for _ in range(30)]
    source, server = live_source(clock, *tries, [1.0] * 100)

    frames = frames_of(source, 60)

    assert [frame.index for frame in frames] == list(range(60))
    assert all(before.pts < after.pts for before, after in itertools.pairwise(frames))
    open_now = [connection for connection in server.opened if not connection.closed]
    assert open_now == server.opened[-1:]
    assert source.state.reconnects == len(server.opened) - 1
    # What rounding leaves over is waited for as well.
    assert all(0.99 < waited < 60.01 or waited < 1e-6 for waited in clock.waited)
    source.close()
    assert all(connection.closed for connection in server.opened)
    assert source.read() is None
