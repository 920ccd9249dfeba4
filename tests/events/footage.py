"""Recordings that are there already, and pieces of a stream that never was."""

import os
from dataclasses import replace
from fractions import Fraction

import numpy as np

from deeplab_cv.events.records import EventRecord, as_date, write_record
from deeplab_cv.events.ring import Piece
from deeplab_cv.events.tape import Seen
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.live_encoding import LiveEncoder

SIZE = Size(64, 48)
NOW_S = 1_700_000_000.0
CAMERA = SourceInfo("camera 0", SIZE, frame_rate=Fraction(10), frame_count=None, live=True, time_base=Fraction(1, 1000))


def begun_at(start_s):
    """What is known of a recording at its beginning."""
    return EventRecord(source="camera 0", when="person", start=as_date(NOW_S + start_s), start_s=start_s)


def kept_video(folder, stem, *, ended_s=NOW_S, size=100):
    """A recording that is over, as old as it says."""
    video = folder / f"{stem}.mp4"
    video.write_bytes(bytes(size))
    os.utime(video, (ended_s, ended_s))
    write_record(folder, replace(begun_at(0.0), file=video.name, end=as_date(ended_s), whole=True))
    return video


class Film:
    """Pieces of pictures that change, ten a second, a key frame each second."""

    began_at_s = 5000.0
    """By `time.monotonic()`."""

    def __init__(self, size=SIZE):
        self.number = 0
        self.encoder = LiveEncoder(size)

    def next(self, share, *, gap_s=0.1):
        """A piece and what was seen in it."""
        time_s = self.number * gap_s
        size = self.encoder.size
        picture = np.random.default_rng(self.number).integers(0, 255, (*size.hw, 3), dtype=np.uint8)
        packet = self.encoder.encode(Pixels(image=picture), time_s, key=self.number % 10 == 0)
        self.number += 1
        piece = Piece(packet.data, packet.key, time_s, self.number, self.encoder)
        return piece, Seen(share, NOW_S + time_s, self.began_at_s + time_s)

    def of_size(self, size):
        """Another encoder goes on."""
        self.encoder = LiveEncoder(size)
