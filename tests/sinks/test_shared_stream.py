import queue
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks import shared_stream as shared_stream_module
from deeplab_cv.sinks.shared_stream import SharedStream
from tests.waiting import HANGS_S, Clock, wait_for


def pixels(size=Size(64, 48)):
    return Pixels(image=np.full((*size.hw, 3), (0, 0, 255), np.uint8))


@contextmanager
def shared_stream(*, lossless=False):
    """A shared stream and the pieces that it delivers."""
    pieces = queue.Queue()
    stream = SharedStream(lossless=lossless)
    stream.deliver_to(pieces.put)
    try:
        yield stream, pieces
    finally:
        stream.close()


def test_nothing_is_painted_while_nobody_takes_it():
    painted = []

    def paint():
        painted.append(1)
        return pixels().image

    with shared_stream() as (stream, _):
        for _ in range(3):
            stream.show(Pixels(image=paint), 0.0)
        before = len(painted)
        stream.watch("page", watched=True)
        wait_for(lambda: stream.encoded)

    assert (before, len(painted)) == (0, 1)


def test_the_first_piece_is_a_key_frame_and_each_knows_the_one_before():
    with shared_stream() as (stream, pieces):
        stream.watch("page", watched=True)
        got = []
        for number in range(3):
            stream.show(pixels(), float(number), note=number)
            got.append(pieces.get(timeout=HANGS_S))

    assert got[0].packet.key and got[0].before is None
    assert got[2].before == got[1].alone()
    assert [piece.since_s for piece in got] == [0.0, 1.0, 2.0]
    assert [piece.note for piece in got] == [0, 1, 2]
    assert [piece.place for piece in got] == [1, 2, 3]


def test_a_picture_that_is_there_already_is_not_taken_again():
    picture = pixels()
    with shared_stream(lossless=True) as (stream, pieces):
        stream.watch("page", watched=True)
        stream.show(picture, 0.0, note="first")
        stream.show(picture, 1.0)
        stream.show(pixels(), 2.0, note="last")
        stream.settle()
        got = [pieces.get(timeout=HANGS_S) for _ in range(2)]

    assert [piece.note for piece in got] == ["first", "last"]


def test_a_picture_that_stands_still_is_encoded_again():
    with shared_stream() as (stream, pieces):
        stream.show(pixels(), 0.0)
        stream.watch("page", watched=True)
        first, second = pieces.get(timeout=HANGS_S), pieces.get(timeout=HANGS_S)

    assert first.number == second.number == 1
    assert len(second.packet.data) < len(first.packet.data)


def test_a_picture_that_stands_still_is_encoded_once_where_nobody_needs_it_again(monkeypatch):
    monkeypatch.setattr(shared_stream_module, "_STANDING_S", 0.001)
    looked = []
    with shared_stream() as (stream, pieces):
        stream.watch("recorder", watched=True, standing=False)
        stream.show(pixels(), 0.0)
        pieces.get(timeout=HANGS_S)
        wait_for(lambda: looked.append(1) or len(looked) > 5)
        encoded = stream.encoded

    assert encoded == 1


def test_a_key_frame_comes_when_somebody_wants_one_also_of_a_picture_that_stands_still():
    with shared_stream() as (stream, pieces):
        stream.show(pixels(), 0.0)
        stream.watch("page", watched=True)
        pieces.get(timeout=HANGS_S)
        stream.want_key()
        keys = [pieces.get(timeout=HANGS_S).packet.key for _ in range(3)]

    assert any(keys)


def test_pictures_of_another_size_begin_another_stream():
    with shared_stream() as (stream, pieces):
        stream.watch("page", watched=True)
        stream.show(pixels(), 0.0)
        first = pieces.get(timeout=HANGS_S)
        stream.show(pixels(Size(128, 48)), 1.0)
        second = wait_for(lambda: (each := pieces.get(timeout=HANGS_S)).number == 2 and each)
        codec = stream.encoder.codec

    assert second.encoder == first.encoder + 1
    assert second.packet.key and second.before is None
    assert codec.startswith("avc1.")


def test_the_encoder_goes_with_the_last_who_takes_it():
    with shared_stream() as (stream, pieces):
        stream.show(pixels(), 0.0)
        stream.watch("page", watched=True)
        stream.watch("recorder", watched=True)
        pieces.get(timeout=HANGS_S)
        stream.watch("page", watched=False)
        stream.show(pixels(), 0.0)
        stream.settle()
        for_one = stream.encoder
        stream.watch("recorder", watched=False)
        wait_for(lambda: stream.encoder is None)
        stream.show(pixels(), 1.0)
        stream.watch("page", watched=True)
        again = wait_for(lambda: (each := pieces.get(timeout=HANGS_S)).encoder == 2 and each)

    assert for_one is not None
    assert again.packet.key


def test_no_picture_with_a_note_is_lost_where_none_may_be():
    held, pieces = threading.Event(), []

    def slow(piece):
        held.wait(HANGS_S)
        pieces.append(piece)

    stream = SharedStream(lossless=True)
    stream.deliver_to(slow)
    stream.watch("recorder", watched=True)
    shown = threading.Thread(target=lambda: [stream.show(pixels(), 0.0, note=number) for number in range(20)])
    shown.start()
    wait_for(lambda: stream.encoded)
    waited = shown.is_alive()
    held.set()
    shown.join(HANGS_S)
    stream.settle()
    stream.close()

    assert waited
    assert [piece.note for piece in pieces if piece.note is not None][:20] == list(range(20))


def test_where_none_may_be_lost_a_picture_without_a_note_gives_way_to_a_newer_one():
    held, pieces = threading.Event(), []

    def slow(piece):
        held.wait(HANGS_S)
        pieces.append(piece)

    stream = SharedStream(lossless=True)
    stream.deliver_to(slow)
    stream.watch("page", watched=True)
    stream.show(pixels(), 0.0, note="first")
    wait_for(lambda: stream.encoded)
    stream.show(pixels(), 0.0, note="second")
    for number in range(20):
        stream.show(pixels(), float(number))
    held.set()
    stream.settle(HANGS_S)
    stream.close()

    assert [(piece.note, piece.since_s) for piece in pieces][1:3] == [("second", 0.0), (None, 19.0)]


def test_of_a_live_source_the_newest_picture_is_encoded():
    held, pieces = threading.Event(), []

    def slow(piece):
        held.wait(HANGS_S)
        pieces.append(piece)

    stream = SharedStream()
    stream.deliver_to(slow)
    stream.watch("recorder", watched=True)
    stream.show(pixels(), 0.0, note=0)
    wait_for(lambda: stream.encoded)
    for number in range(1, 20):
        stream.show(pixels(), 0.0, note=number)
    held.set()
    stream.settle(HANGS_S)
    stream.close()

    assert [piece.note for piece in pieces][:2] == [0, 19]


def test_a_picture_that_cannot_be_painted_ends_the_stream_and_says_so(caplog):
    def fail():
        raise RuntimeError("no paint")

    with shared_stream(lossless=True) as (stream, pieces):
        stream.watch("page", watched=True)
        for _ in range(5):
            stream.show(Pixels(image=fail), 0.0, note=1)
        stream.settle()
        error = stream.error

    assert "stream stops" in caplog.text and str(error) == "no paint"
    with pytest.raises(queue.Empty):
        pieces.get_nowait()


def test_a_picture_after_hours_without_one_begins_another_stream(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(shared_stream_module, "time", clock)
    with shared_stream() as (stream, pieces):
        stream.watch("recorder", watched=True, standing=False)
        stream.show(pixels(), 0.0)
        first = pieces.get(timeout=HANGS_S)
        clock.sleep(8 * 3600)
        stream.show(pixels(), 1.0)
        second = pieces.get(timeout=HANGS_S)

    assert second.encoder == first.encoder + 1
    assert second.packet.key and second.before is None
    assert stream.error is None
