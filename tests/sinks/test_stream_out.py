"""Streams to real receivers on this machine, who go, come back and fall silent."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.frames.sound import SOUND_RATE, LiveSound
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.stream_out import StreamOut
from deeplab_cv.sources.back_off import BackOff
from deeplab_cv.sources.connection import Limits
from tests.sinks.clips import SIZE, info_of, painted, scene, write_clip
from tests.sinks.receivers import free_port, listening, receiving
from tests.sources.servers import answering
from tests.threads import children_of
from tests.waiting import HANGS_S, wait_for

TICK = Fraction(1, 25)
LIVE = info_of(live=True)
TONE = np.sin(2 * np.pi * 500 * np.arange(SOUND_RATE // 25) / SOUND_RATE).astype(np.float32)
PATIENT = Limits(open_s=HANGS_S, stall_s=HANGS_S)
SOON = Limits(open_s=0.5, stall_s=0.5)


class NoDelay(BackOff):
    """The next try is at once, and each one is counted."""

    def next_delay_s(self, *, stubborn=False):
        super().next_delay_s(stubborn=stubborn)
        return 0.0


def stream_out(url, info=LIVE, *, limits=PATIENT):
    return StreamOut(url, info, limits=limits, back_off=NoDelay())


class Live:
    """Writes one picture after the other, as a camera does, until it is stopped."""

    def __init__(self, sink, size=SIZE, noise=False):
        self.sink, self.size, self.noise, self.written = sink, size, noise, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._write, daemon=True)

    def _write(self):
        random = np.random.default_rng(1)
        for number in count():
            if self.stop.wait(0.02):
                return
            picture = random.integers(0, 255, (*self.size.hw, 3), np.uint8) if self.noise else scene(number, self.size)
            self.sink.write(painted(picture, number, number, TICK))
            self.written = number + 1


@contextmanager
def live(sink, **options):
    writing = Live(sink, **options)
    writing.thread.start()
    try:
        yield writing
    finally:
        writing.stop.set()
        writing.thread.join(HANGS_S)


def senders():
    """The sending processes that this one has started and that still run, each with its command line."""
    if sys.platform != "linux":
        pytest.skip("only Linux lists a process's children")
    return {number: words for number, words in children_of().items() if b"sending_process" in words}


def lines_of(caplog):
    return [record.getMessage() for record in caplog.records]


def test_a_file_arrives_whole_with_its_sound(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", list(range(25)), TICK)
    with listening() as listener:
        sink = InBackground(stream_out(listener.url, info_of(clip)))
        for number in range(25):
            sink.write(painted(scene(number, SIZE), number, number, TICK))
        written = sink.finish()
        wait_for(listener.visits[0].over.is_set)
        pictures = listener.visits[0].pictures()

    assert (written.path, written.frames, written.note) == (listener.url, 25, "")
    assert len(pictures) == 25
    assert [round((frame.pts - pictures[0].pts) * frame.time_base / TICK) for frame in pictures] == list(range(25))
    assert listener.visits[0].sound_s() == pytest.approx(1.0, abs=0.15)


def test_a_part_of_a_file_has_the_sound_of_that_part(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", list(range(50)), TICK)
    with listening() as listener:
        sink = stream_out(listener.url, info_of(clip))
        for number in range(35, 50):
            sink.write(painted(scene(number, SIZE), number - 35, number, TICK))
        sink.finish()
        wait_for(listener.visits[0].over.is_set)

    assert listener.visits[0].sound_s() == pytest.approx(0.6, abs=0.15)


def test_the_sound_of_a_live_source_goes_along_in_step_with_its_pictures():
    """From a moment on pictures are white and something is heard."""
    sound, moment, number = LiveSound(), None, 0
    sound.there = True
    with listening() as listener:
        sink = stream_out(listener.url, info_of(live=True, sound=sound))
        while moment is None or number < moment + 50:
            if moment is None and listener.visits and listener.visits[0].data:
                moment = number + 25
            loud = moment is not None and number >= moment
            # What is heard comes before its picture has been segmented.
            sound.put(np.tile(0.5 * loud * TONE, (2, 1)), number / 25)
            shown = painted(np.full((*SIZE.hw, 3), 255 * loud, np.uint8), number, number, TICK)
            sink.write(replace(shown, frame=replace(shown.frame, captured_at=number / 25)))
            number += 1
            time.sleep(0.001)
        sink.finish()
        wait_for(listener.visits[0].over.is_set)
        pictures, sounds = listener.visits[0].pictures(), listener.visits[0].sounds()

    white_s = next(float(frame.time) for frame in pictures if frame.to_ndarray(format="gray").mean() > 128)
    loud_s = next(float(frame.time) for frame in sounds if np.abs(frame.to_ndarray()).max() > 0.2)
    assert loud_s == pytest.approx(white_s, abs=0.08)


@pytest.mark.parametrize(
    ("scheme", "path", "options"),
    [("rtmp", "/live/key", {"listen": "1"}), ("rtsp", "/live", {"rtsp_flags": "listen", "listen_timeout": "120"})],
)
def test_a_server_gets_pictures_and_sound(scheme, path, options, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", list(range(0, 500, 10)), TICK)
    url = f"{scheme}://127.0.0.1:{free_port()}{path}"
    with receiving(url, **options) as received:
        sink = stream_out(url, info_of(clip))
        for number in range(500):
            sink.write(painted(scene(number, SIZE), number, number, TICK))
            if len(received.pictures) > 5 and len(received.sounds) > 5:
                break
        sink.abandon()

    assert {(picture["width"], picture["height"]) for picture in received.pictures} == {tuple(SIZE)}
    assert received.sounds[0]["rate"] == 44_100


def test_whoever_listens_at_a_port_of_udp_gets_pictures():
    url = f"udp://127.0.0.1:{free_port()}"
    sink = stream_out(url)
    with receiving(url) as received, live(sink):
        wait_for(lambda: len(received.pictures) > 5)

    assert sink.finish().frames > 5


def test_a_receiver_that_goes_and_comes_back_gets_pictures_again(caplog):
    caplog.set_level(logging.INFO)
    with listening() as listener:
        sink = stream_out(listener.url)
        with live(sink):
            wait_for(lambda: listener.visits and listener.visits[0].data)
            listener.hang_up()
            wait_for(lambda: len(listener.visits) > 1 and len(listener.visits[1].data) > 20_000)
        written = sink.finish()
        wait_for(listener.visits[1].over.is_set)

    assert listener.visits[1].pictures()[0].key_frame
    assert "1 reconnect" in written.note
    takes, loses, again = lines_of(caplog)
    assert takes == f"{listener.url} takes the stream"
    assert loses.startswith(f"{listener.url} takes no stream (")
    assert again.startswith(f"{listener.url} takes the stream after")


def test_a_receiver_that_is_missing_at_first_is_waited_for(caplog):
    port = free_port()
    sink = stream_out(f"tcp://127.0.0.1:{port}")
    with live(sink):
        wait_for(lambda: caplog.messages)
        with listening(port=port) as listener:
            wait_for(lambda: listener.visits and listener.visits[0].data)
            sink_is_told_once = caplog.messages[0]
    sink.abandon()

    assert sink_is_told_once == f"tcp://127.0.0.1:{port} takes no stream (connection refused), trying again in 1 s"


def test_a_stream_that_nobody_took_says_so_at_the_end():
    sink = stream_out(f"tcp://127.0.0.1:{free_port()}")
    with live(sink):
        wait_for(lambda: sink._reason)
    written = sink.finish()

    assert (written.frames, written.note) == (0, "nothing was sent (connection refused)")


def test_a_file_that_nobody_took_is_a_failure():
    sink = stream_out(f"tcp://127.0.0.1:{free_port()}", info_of())
    for number in range(3):
        sink.write(painted(scene(number, SIZE), number, number, TICK))

    with pytest.raises(SinkError, match=r"nothing could be sent: tcp://.* \(connection refused\); see whether"):
        sink.finish()


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
def test_a_server_that_never_answers_holds_nothing_up(scheme, caplog):
    with listening(takes=False) as listener:
        sink = stream_out(f"{scheme}://127.0.0.1:{listener.port}/live/key", limits=SOON)
        with live(sink) as writing:
            wait_for(lambda: listener.visits)
            before = writing.written
            wait_for(lambda: writing.written > before + 5)
            wait_for(lambda: len(listener.visits) > 1)
        sink.finish()
        wait_for(lambda: not senders())

    assert "nobody answers within" in caplog.messages[0]


def test_a_server_that_takes_nothing_more_is_left_and_tried_again(caplog):
    with listening(takes=False) as listener:
        sink = stream_out(listener.url, limits=SOON)
        with live(sink, size=Size(640, 480), noise=True):
            wait_for(lambda: len(listener.visits) > 1)
        sink.abandon()
        wait_for(lambda: not senders())

    assert any("(nothing is taken for" in line for line in caplog.messages)


def test_a_process_that_sends_and_is_killed_is_replaced():
    with listening() as listener:
        sink = stream_out(listener.url)
        with live(sink):
            wait_for(lambda: listener.visits and listener.visits[0].data)
            os.kill(next(iter(senders())), signal.SIGKILL)
            wait_for(lambda: len(listener.visits) > 1 and listener.visits[1].data)
        sink.finish()
        wait_for(lambda: not senders())

    assert len(listener.visits) == 2


_PROGRAM = """
import sys, time
sys.path.insert(0, {root!r})
from tests.sinks.clips import SIZE, info_of, painted, scene
from deeplab_cv.sinks.stream_out import StreamOut
sink = StreamOut(sys.argv[1], info_of(live=True))
for number in range(10**6):
    sink.write(painted(scene(number, SIZE), number))
    time.sleep(.02)
"""


@pytest.mark.parametrize("takes", [True, False])
def test_a_program_that_is_killed_leaves_no_process_behind(takes):
    senders()
    with listening(takes=takes) as listener:
        scheme = "tcp" if takes else "rtmp"
        words = [sys.executable, "-c", _PROGRAM.format(root=str(Path(__file__).parents[2]))]
        with subprocess.Popen([*words, f"{scheme}://127.0.0.1:{listener.port}/live"]) as program:
            wait_for(lambda: listener.visits)
            numbers = list(children_of(program.pid))
            program.kill()
        wait_for(lambda: not any(Path(f"/proc/{number}").exists() for number in numbers))

    assert numbers


def test_what_is_secret_in_the_url_is_shown_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    with listening(takes=False) as listener:
        url = f"rtmp://me:password@127.0.0.1:{listener.port}/live/streamkey?token=word"
        sink = stream_out(url, limits=SOON)
        with live(sink):
            wait_for(lambda: listener.visits)
            commands = [words.decode() for words in senders().values()]
            wait_for(lambda: len(caplog.messages) > 0)
        written = sink.finish()

    shown = " ".join([*lines_of(caplog), *commands, str(written)])
    assert not [secret for secret in ("password", "streamkey", "word") if secret in shown]
    assert f"rtmp://127.0.0.1:{listener.port}/live/...?..." in shown


def test_another_size_of_the_pictures_begins_a_new_stream():
    with listening() as listener:
        sink = stream_out(listener.url)
        with live(sink):
            wait_for(lambda: listener.visits and listener.visits[0].data)
        with live(sink, size=Size(96, 64)):
            wait_for(lambda: len(listener.visits) > 1 and len(listener.visits[1].data) > 20_000)
        sink.finish()
        wait_for(listener.visits[1].over.is_set)

    assert {(frame.width, frame.height) for frame in listener.visits[1].pictures()} == {(96, 64)}


def test_who_comes_later_need_not_wait_long_for_a_key_frame():
    with listening() as listener:
        sink = stream_out(listener.url)
        with live(sink) as writing:
            wait_for(lambda: listener.visits and listener.visits[0].data)
            before = writing.written
            wait_for(lambda: writing.written > before + 150)
        sink.finish()
        wait_for(listener.visits[0].over.is_set)
        keys = [number for number, frame in enumerate(listener.visits[0].pictures()) if frame.key_frame]

    assert np.diff(keys).tolist() == [50] * (len(keys) - 1)
    assert len(keys) > 2


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_password_that_is_refused_is_tried_once_a_minute(status, caplog):
    with answering(f"RTSP/1.0 {status}\r\nCSeq: 1\r\n\r\n".encode()) as server:
        sink = StreamOut(f"rtsp://me:wrong@{server}/live", LIVE, limits=PATIENT)
        with live(sink):
            (line,) = wait_for(lambda: caplog.messages)
        sink.abandon()

    assert line.startswith(f"rtsp://{server}/live takes no stream (server returned {status[:3]}")
    assert line.endswith("trying again each minute")


@pytest.mark.parametrize("url", ["http://host/live", "ftp://host/live", "file:///tmp/out.ts", "nobody://host"])
def test_a_protocol_that_carries_no_video_is_refused(url):
    with pytest.raises(UsageError, match=r"no video is sent by this protocol: .*use rtmp://"):
        StreamOut(url, LIVE)


def test_a_url_without_its_slashes_is_refused():
    with pytest.raises(UsageError, match="this is no whole URL"):
        StreamOut("rtmp:host/live", LIVE)


def test_no_frame_is_no_failure():
    sink = stream_out(f"tcp://127.0.0.1:{free_port()}")

    assert sink.abandon() is None
    assert sink.finish().frames == 0
