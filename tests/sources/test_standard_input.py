import os
import sys
import threading
from fractions import Fraction

import cv2
import numpy as np
import pytest

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.opening import open_source
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.standard_input import standard_input
from tests.sinks.clips import read_clip, sound_packets, write_clip
from tests.sources.clips import read_all
from tests.waiting import HANGS_S

TICK = Fraction(1, 30000)
STEADY = [1001 * number for number in range(30)]


class Pipe:
    """Standard input as a pipe whose other end is in the test."""

    def __init__(self, monkeypatch):
        reading, self.writing = os.pipe()
        self.reading = os.fdopen(reading, "rb")
        monkeypatch.setattr(sys, "stdin", self.reading)

    def send(self, data):
        with os.fdopen(self.writing, "wb", closefd=False) as pipe:
            pipe.write(data)

    def end(self):
        os.close(self.writing)

    def send_all(self, data):
        """In a thread: a pipe holds little, and whoever reads it begins later."""

        def work():
            self.send(data)
            self.end()

        threading.Thread(target=work, daemon=True).start()


@pytest.fixture
def pipe(monkeypatch):
    standard_input.cache_clear()
    made = Pipe(monkeypatch)
    yield made
    standard_input.cache_clear()
    made.reading.close()


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts", "in.mov"])
def test_a_video_comes_through_standard_input_as_it_is(tmp_path, pipe, name):
    clip = write_clip(tmp_path / name, STEADY, TICK)
    expected = read_all(open_source(str(clip), SourceOptions(), "video"))

    pipe.send_all(clip.read_bytes())
    frames = read_all(open_source("-", SourceOptions()))

    assert [frame.time_s for frame in frames] == [frame.time_s for frame in expected]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(frames, expected, strict=True))


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv"])
def test_its_sound_is_copied_too(tmp_path, pipe, name):
    clip = write_clip(tmp_path / name, STEADY, TICK)
    pipe.send_all(clip.read_bytes())

    with open_source("-", SourceOptions()) as source:
        sink = VideoSink(tmp_path / "out.mp4", source.info)
        for frame in iter(source.read, None):
            sink.write(Painted(frame, None, frame.pixels, ()))
        written = sink.finish()

    assert (written.frames, written.note) == (30, "sound copied")
    assert [data for _, data in sound_packets(tmp_path / "out.mp4")] == [data for _, data in sound_packets(clip)]
    assert len(read_clip(tmp_path / "out.mp4").pictures) == 30


def test_a_part_can_be_cut_out_of_it(tmp_path, pipe):
    pipe.send_all(write_clip(tmp_path / "in.mkv", list(range(0, 1200, 40)), Fraction(1, 1000)).read_bytes())

    frames = read_all(open_source("-", SourceOptions(start=0.4, end=0.8)))

    assert [frame.time_s for frame in frames] == [Fraction(number, 25) for number in range(10, 20)]


def test_frames_come_before_the_end_does(tmp_path, pipe):
    data = write_clip(tmp_path / "in.ts", [1001 * number for number in range(400)], TICK).read_bytes()
    threading.Thread(target=pipe.send, args=(data,), daemon=True).start()

    source = open_source("-", SourceOptions())

    assert source.read() is not None
    source.close()


def test_closing_does_not_wait_for_what_nobody_sends(tmp_path, pipe):
    data = write_clip(tmp_path / "in.ts", [1001 * number for number in range(400)], TICK).read_bytes()
    threading.Thread(target=pipe.send, args=(data,), daemon=True).start()
    source = open_source("-", SourceOptions())
    reader = threading.Thread(target=lambda: list(iter(source.read, None)), daemon=True)
    reader.start()

    source.close()

    reader.join(HANGS_S)
    assert not reader.is_alive()


def test_a_picture_comes_through_standard_input(pipe):
    picture = np.random.default_rng(1).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    pipe.send_all(cv2.imencode(".png", picture)[1].tobytes())

    (frame,) = read_all(open_source("-", SourceOptions(), "image"))

    assert np.array_equal(frame.image, picture)
    assert frame.name == "standard input"


@pytest.mark.parametrize("kind", ["video", "image"])
@pytest.mark.parametrize(
    ("data", "words"), [(b"", "the file is empty"), (b"no video, no picture" * 9, "this is not a")]
)
def test_what_is_neither_video_nor_picture_is_one_line(pipe, kind, data, words):
    pipe.send_all(data)

    with pytest.raises(SourceError, match=words):
        open_source("-", SourceOptions(), kind)


def test_without_standard_input_a_line_says_so(monkeypatch):
    standard_input.cache_clear()
    monkeypatch.setattr(sys, "stdin", None)

    with pytest.raises(SourceError, match="there is no standard input: -; pipe a video or a picture"):
        open_source("-", SourceOptions())


def test_what_comes_through_standard_input_is_sought_in(tmp_path, pipe):
    clip = write_clip(tmp_path / "in.mkv", STEADY, TICK)
    pipe.send_all(clip.read_bytes())

    with open_source("-", SourceOptions()) as source:
        frames = [source.read() for _ in range(9)]
        assert source.seek(frames[2].time_s)
        again = [source.read() for _ in range(5)]

    assert [frame.pts for frame in again] == [frame.pts for frame in frames[2:7]]
