"""What a connection says of itself; what is sent through it is read in test_stream_out.py."""

import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.live_encoding import TICKS_A_SECOND, LiveEncoder
from deeplab_cv.sinks.sending import Sender
from deeplab_cv.sinks.sending_process import Parcel, Target, Track
from deeplab_cv.sources.connection import SYSTEM_CLOCK, Limits
from tests.sinks.clips import painted, scene
from tests.sinks.receivers import free_port, listening
from tests.waiting import HANGS_S, wait_for

SIZE = Size(64, 48)


@pytest.fixture
def encoder():
    encoder = LiveEncoder(SIZE)
    yield encoder
    encoder.close()


@pytest.fixture
def begin(encoder):
    senders = []

    def begin_at(url, open_s=HANGS_S):
        target = Target(url, "mpegts", (Track(encoder.head, encoder.parameters),))
        senders.append(Sender(target, clock=SYSTEM_CLOCK, limits=Limits(open_s=open_s, stall_s=HANGS_S)))
        return senders[-1]

    yield begin_at
    for sender in senders:
        sender.kill()


def parcel(encoder, number):
    packet = encoder.encode(painted(scene(number, SIZE)).pixels, number / 25, key=False)
    return Parcel(0, packet.data, round(packet.time_s * TICKS_A_SECOND), packet.key)


def test_what_is_taken_is_counted_and_waits_no_more(begin, encoder):
    with listening() as listener:
        sender = begin(listener.url)
        wait_for(lambda: sender.phase == "open")
        for number in range(4):
            sender.give(parcel(encoder, number))
        wait_for(lambda: sender.taken_pictures == 4)

        assert (sender.waiting_pictures, sender.behind_s, sender.trouble) == (0, 0.0, None)


def test_an_end_comes_after_all_that_was_given(begin, encoder):
    with listening() as listener:
        sender = begin(listener.url)
        for number in range(4):
            sender.give(parcel(encoder, number))
        sender.end()

        assert sender.wait(HANGS_S)
        assert sender.taken_pictures == 4
        wait_for(listener.visits[0].over.is_set)
        assert len(listener.visits[0].pictures()) == 4


def test_why_nothing_is_sent_is_said_without_the_url(begin):
    sender = begin(f"tcp://127.0.0.1:{free_port()}")

    assert wait_for(lambda: sender.trouble).reason == "connection refused"
    assert not sender.trouble.stubborn
    assert not sender.is_coming


def test_what_will_not_change_by_itself_is_told_apart(begin):
    sender = begin("nobody://127.0.0.1")

    assert wait_for(lambda: sender.trouble).stubborn


def test_a_server_that_does_not_answer_is_trouble_before_it_ends(begin):
    with listening(takes=False) as listener:
        sender = begin(f"rtmp://127.0.0.1:{listener.port}/live/key", open_s=0.2)

        assert "nobody answers" in wait_for(lambda: sender.trouble).reason
        assert sender.phase == "connecting"


def test_a_sender_that_is_killed_ends_whatever_it_waits_for(begin):
    with listening(takes=False) as listener:
        sender = begin(f"rtmp://127.0.0.1:{listener.port}/live/key")
        wait_for(lambda: listener.visits)
        sender.kill()

        assert sender.wait(HANGS_S)
        assert sender.trouble is not None


def test_a_host_that_is_not_there_is_said(begin):
    sender = begin("tcp://no-such-host.invalid:1")

    assert "no such host" in wait_for(lambda: sender.trouble).reason
