import asyncio
import struct

import pytest

from deeplab_cv.controls.stage import Stage
from deeplab_cv.page.viewers import H264, JPEG, MP4_FRAGMENT, Viewer, Viewers, message, piece
from deeplab_cv.sinks.live_encoding import LivePacket
from deeplab_cv.sinks.shared_stream import Chunk
from tests.page.serving import pixels


def chunk(number, key=False, before_key=False, encoder=1):
    """Piece `number` of a stream, after one that is a key frame or not."""

    def packet(of, is_key):
        return LivePacket(data=b"h264-%d" % of, key=is_key, time_s=of / 30, fragment=b"mp4-%d" % of)

    before = Chunk(encoder, number - 1, 100.0 + number - 1, packet(number - 1, before_key), None)
    return Chunk(encoder, number, 100.0 + number, packet(number, key), before)


def taken(viewer):
    """The numbers of the pieces that are sent now."""
    numbers = []
    while (each := viewer.next_chunk()) is not None:
        numbers.append(each.number)
    return numbers


class Stream:
    """What the shared stream is told."""

    def __init__(self):
        self.watched, self.keys = [], 0

    def watch(self, who, *, watched):
        self.watched.append(watched)

    def want_key(self):
        self.keys += 1


def offer(viewer, first, last, keys=()):
    for number in range(first, last + 1):
        viewer.offer(chunk(number, key=number in keys))


def test_a_message_begins_with_what_and_when():
    head, payload = message(H264, b"data", key=True, time_s=1.5, since_s=2.5)[:24], message(JPEG, b"data")[24:]

    assert struct.unpack(">BBxxxxxxdd", head) == (H264, 1, 1.5, 2.5)
    assert payload == b"data"


def test_a_viewer_begins_at_a_key_frame():
    viewer = Viewer()
    viewer.begin("webcodecs")
    offer(viewer, 1, 4, keys=(3,))

    assert taken(viewer) == [3, 4]


def test_a_viewer_of_mp4_begins_at_the_fragment_of_a_key_frame_which_comes_one_later():
    viewer = Viewer()
    viewer.begin("mse")
    viewer.offer(chunk(1, key=True))
    viewer.offer(chunk(2, before_key=True))

    assert taken(viewer) == [2]


def test_a_viewer_that_confirms_gets_every_piece():
    viewer = Viewer()
    viewer.begin("webcodecs")
    numbers = []
    for number in range(100):
        viewer.offer(chunk(number, key=number == 0))
        numbers += taken(viewer)
        viewer.confirm(1)

    assert numbers == list(range(100))


def test_a_viewer_that_confirms_nothing_gets_a_few_and_then_waits_without_a_queue():
    viewer = Viewer()
    viewer.begin("webcodecs")
    numbers = []
    for number in range(1000):
        viewer.offer(chunk(number, key=number % 100 == 0))
        numbers += taken(viewer)

    assert numbers == list(range(8))
    assert not viewer.needs_key


def test_a_viewer_that_comes_back_asks_for_a_key_frame_and_goes_on_from_it():
    viewer = Viewer()
    viewer.begin("webcodecs")
    offer(viewer, 0, 20, keys=(0,))
    taken(viewer)
    offer(viewer, 21, 30)
    viewer.confirm(8)

    assert viewer.needs_key
    offer(viewer, 31, 40, keys=(35,))
    assert taken(viewer) == [35, 36, 37, 38, 39, 40]


class Page:
    """A page that takes a picture in so many seconds, of a stream of 30 a second with a key frame whenever it asks."""

    def __init__(self):
        self.now = 0.0
        self.viewer = Viewer(clock=lambda: self.now)
        self.viewer.begin("webcodecs")
        self._waiting, self._number, self._done_at = [], 0, 0.0

    def watch(self, seconds, takes_s):
        """How old each picture was that it took, in seconds."""
        ages = []
        for _ in range(round(seconds * 30)):
            self.now += 1 / 30
            self.viewer.offer(chunk(self._number, key=self.viewer.needs_key))
            self._number += 1
            self._waiting += [self.now for _ in taken(self.viewer)]
            self._done_at = max(self._done_at, self._waiting[0]) if self._waiting else self.now
            while self._waiting and self._done_at + takes_s <= self.now:
                ages.append(self.now - self._waiting.pop(0))
                self._done_at += takes_s
                self.viewer.confirm(1)
        return ages


@pytest.mark.parametrize("takes_s", [0.2, 0.5, 1.0, 2.0])
def test_a_page_that_is_slow_gets_pictures_no_older_than_it_takes_two_of_them(takes_s):
    ages = Page().watch(seconds=100, takes_s=takes_s)[10:]

    assert len(ages) > 20
    assert max(ages) <= max(0.6, 2 * takes_s) + 0.1


def test_a_page_that_was_slow_gets_every_piece_again_once_it_is_not():
    page = Page()
    page.watch(seconds=20, takes_s=1.0)
    page.watch(seconds=5, takes_s=0.01)

    assert len(page.watch(seconds=2, takes_s=0.01)) == 60


def test_who_has_not_taken_pieces_that_wait_loses_them_and_not_the_rest_of_the_way():
    viewer = Viewer()
    viewer.begin("webcodecs")
    offer(viewer, 0, 8, keys=(0,))

    assert taken(viewer) == []
    assert viewer.needs_key


def test_a_viewer_at_rest_gets_nothing():
    viewer = Viewer()
    viewer.begin("webcodecs")
    viewer.begin(None)
    viewer.offer(chunk(1, key=True))

    assert taken(viewer) == []


def test_a_decoder_is_made_ready_anew_for_another_encoder_only():
    viewer = Viewer()
    viewer.begin("webcodecs")

    assert [viewer.is_new_stream(chunk(1, encoder=each)) for each in (1, 1, 2, 2, 1)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_jpegs_are_sent_each_once_and_two_ahead_of_what_is_confirmed():
    stage, viewer = Stage(), Viewer()
    viewer.begin("jpeg")
    sent = []
    for number in range(6):
        stage.show(pixels(), 0.0)
        sent.append(viewer.next_picture(stage.picture) is not None)
        if number == 3:
            viewer.confirm(1)

    assert sent == [True, True, False, False, True, False]
    assert viewer.next_picture(None) is None


def test_a_picture_that_stands_still_is_no_new_jpeg():
    stage, viewer = Stage(), Viewer()
    viewer.begin("jpeg")
    stage.show(pixels(), 0.0)

    assert viewer.next_picture(stage.picture) is stage.picture
    assert viewer.next_picture(stage.picture) is None


@pytest.mark.parametrize(
    ("transport", "payload", "kind", "since_s"),
    [("webcodecs", b"h264-5", H264, 105.0), ("mse", b"mp4-5", MP4_FRAGMENT, 104.0)],
)
def test_a_piece_is_sent_in_the_form_of_the_transport_with_the_time_of_its_picture(transport, payload, kind, since_s):
    sent = piece(chunk(5), transport)

    assert sent[24:] == payload
    assert sent[0] == kind
    assert struct.unpack(">d", sent[16:24]) == (since_s,)


def test_no_more_than_so_many_may_watch_and_who_goes_makes_room():
    viewers = Viewers(2, Stream())
    first, second = viewers.add(), viewers.add()

    assert viewers.add() is None
    viewers.remove(first)
    assert viewers.add() is not None
    assert len(viewers) == 2 and second is not None


def test_the_stream_is_encoded_while_somebody_watches_it():
    stream = Stream()
    viewers = Viewers(5, stream)
    viewer, other = viewers.add(), viewers.add()
    for transport in ("jpeg", "webcodecs", None):
        viewer.begin(transport)
        viewers.look()
    other.begin("mse")
    viewers.look()
    viewers.remove(other)

    assert stream.watched == [False, True, False, True, False]


def test_a_key_frame_is_asked_for_while_somebody_needs_one():
    stream = Stream()
    viewers = Viewers(5, stream)
    viewers.add().begin("webcodecs")
    viewers.look()
    before = stream.keys
    viewers.offer(chunk(1, key=True))

    assert (before, stream.keys) == (1, 1)


def test_bytes_of_those_that_have_gone_stay_counted():
    viewers = Viewers(5, Stream())
    viewer = viewers.add()
    viewer.sent_bytes = 100
    viewers.remove(viewer)

    assert viewers.sent_bytes == 100


def test_everybody_is_woken_by_a_new_picture():
    async def woken():
        viewers = Viewers(5, Stream())
        viewer = viewers.add()
        viewers.wake()
        return viewer.wake.is_set()

    assert asyncio.run(woken())


def test_who_rests_is_nobody_who_watches_and_who_pulls_is_somebody():
    viewers = Viewers(4, Stream())
    page = viewers.add()
    assert not viewers.anybody

    page.begin("jpeg")
    viewers.look()
    assert viewers.anybody
    page.begin(None)
    viewers.look()
    assert not viewers.anybody
    program = viewers.add(pulls=True)
    assert viewers.anybody
    viewers.remove(program)
    assert not viewers.anybody
