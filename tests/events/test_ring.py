from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.events.ring import PacketRing, Piece


def piece(place, time_s, *, key=False):
    return Piece(b"", key, time_s, place, None)


def filled(keeps_s, count, keys_every=5, gap_s=1.0):
    ring = PacketRing(keeps_s)
    for place in range(count):
        ring.add(piece(place, place * gap_s, key=place % keys_every == 0))
    return ring


def places(pieces):
    return [each.place for each in pieces]


def test_it_begins_with_the_last_key_frame_before_what_it_keeps():
    ring = filled(6.0, 24)

    assert places(ring.after(-1)) == list(range(15, 24))


def test_what_is_asked_for_begins_with_the_key_frame_before():
    ring = filled(12.0, 24)

    assert places(ring.since(17.5))[0] == 15
    assert places(ring.since(15.0))[0] == 15


def test_what_is_no_longer_there_begins_with_the_first_there_is():
    assert places(filled(6.0, 24).since(0.0))[0] == 15


def test_after_a_gap_it_is_empty():
    ring = filled(6.0, 24)
    ring.clear()

    assert len(ring) == 0 and places(ring.since(0.0)) == []


@given(
    st.floats(0, 10), st.lists(st.tuples(st.floats(0, 3), st.booleans()), min_size=1, max_size=100), st.floats(0, 10)
)
def test_what_it_gives_can_be_decoded_and_reaches_as_far_back_as_was_asked(keeps_s, gaps, back_s):
    ring, now, all_pieces = PacketRing(keeps_s), 0.0, []
    for place, (gap_s, key) in enumerate(gaps):
        now += gap_s
        all_pieces.append(piece(place, now, key=key or place == 0))
        ring.add(all_pieces[-1])
    back_s = min(back_s, keeps_s)

    given_back = list(ring.since(now - back_s))

    assert given_back[0].key
    assert given_back == all_pieces[given_back[0].place :]
    assert given_back[0].time_s <= now - back_s or given_back[0].place == 0
