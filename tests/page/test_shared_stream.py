import queue
from contextlib import contextmanager

import pytest

from deeplab_cv.controls.stage import Stage
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.page.shared_stream import SharedStream
from tests.page.serving import pixels
from tests.waiting import HANGS_S, wait_for


@contextmanager
def stream_of(stage):
    """A shared stream and the pieces that it delivers."""
    pieces = queue.Queue()
    stream = SharedStream(stage, pieces.put)
    try:
        yield stream, pieces
    finally:
        stream.close()


def test_nothing_is_painted_while_nobody_watches():
    painted = []

    def paint():
        painted.append(1)
        return pixels().image

    stage = Stage()
    with stream_of(stage) as (stream, _):
        for _ in range(3):
            stage.show(Pixels(image=paint), 0.0)
        before = len(painted)
        stream.watch(watched=True)
        wait_for(lambda: stream.encoded)

    assert (before, len(painted)) == (0, 1)


def test_the_first_piece_is_a_key_frame_and_each_knows_the_one_before():
    stage = Stage()
    with stream_of(stage) as (stream, pieces):
        stream.watch(watched=True)
        got = []
        for number in range(3):
            stage.show(pixels(), float(number))
            got.append(pieces.get(timeout=HANGS_S))

    assert got[0].packet.key and got[0].before is None
    assert got[2].before == got[1].alone()
    assert [piece.since_s for piece in got] == [0.0, 1.0, 2.0]


def test_a_picture_that_stands_still_is_sent_again():
    stage = Stage()
    stage.show(pixels(), 0.0)
    with stream_of(stage) as (stream, pieces):
        stream.watch(watched=True)
        first, second = pieces.get(timeout=HANGS_S), pieces.get(timeout=HANGS_S)

    assert first.number == second.number == 1
    assert len(second.packet.data) < len(first.packet.data)


def test_a_key_frame_comes_when_somebody_wants_one_also_of_a_picture_that_stands_still():
    stage = Stage()
    stage.show(pixels(), 0.0)
    with stream_of(stage) as (stream, pieces):
        stream.watch(watched=True)
        pieces.get(timeout=HANGS_S)
        stream.want_key()
        keys = [pieces.get(timeout=HANGS_S).packet.key for _ in range(3)]

    assert any(keys)


def test_pictures_of_another_size_begin_another_stream():
    stage = Stage()
    with stream_of(stage) as (stream, pieces):
        stream.watch(watched=True)
        stage.show(pixels(), 0.0)
        first = pieces.get(timeout=HANGS_S)
        stage.show(pixels(size=Size(128, 48)), 1.0)
        second = wait_for(lambda: (each := pieces.get(timeout=HANGS_S)).number == 2 and each)
        codec = stream.encoder.codec

    assert second.encoder == first.encoder + 1
    assert second.packet.key and second.before is None
    assert codec.startswith("avc1.")


def test_the_encoder_goes_with_the_last_viewer():
    stage = Stage()
    stage.show(pixels(), 0.0)
    with stream_of(stage) as (stream, pieces):
        stream.watch(watched=True)
        pieces.get(timeout=HANGS_S)
        stream.watch(watched=False)
        wait_for(lambda: stream.encoder is None)
        encoded = stream.encoded
        stage.show(pixels(), 1.0)
        stream.watch(watched=True)
        again = wait_for(lambda: (each := pieces.get(timeout=HANGS_S)).encoder == 2 and each)

    assert encoded >= 1
    assert again.packet.key


def test_a_picture_that_cannot_be_painted_ends_the_stream_and_says_so(caplog):
    def fail():
        raise RuntimeError("no paint")

    stage = Stage()
    with stream_of(stage) as (stream, pieces):
        stream.watch(watched=True)
        stage.show(Pixels(image=fail), 0.0)
        wait_for(lambda: "stream stops" in caplog.text)

    with pytest.raises(queue.Empty):
        pieces.get_nowait()
