"""The times of the sound and the subtitles that are copied: rising, and in step with the pictures behind each joint.

Transport streams can be joined like texts. The times of each recording in such a file begin anew, and the pictures of
each are shown from where those before it end; its sound has to follow them, wherever the sound before it ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

import av.error
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from deeplab_cv.sources.decoding import JOINED_S, frame_rate_of

_LOOKS_AHEAD = 2000
"""Packets in which the pictures of a recording are looked for, once its sound has begun: some ten seconds of both."""


class Recordings:
    """The packets of a file's sound and subtitles, and where its recordings were joined, by its pictures' packets."""

    def __init__(self, packets: Iterator[Packet[Stream]], pictures: VideoStream | None) -> None:
        """Nothing is read yet.

        Args:
            packets: of sound, subtitles and `pictures`.
            pictures: the stream of the pictures; None for a file that is one recording.
        """
        self._packets = packets
        self._pictures = pictures
        self._lasts_s = 1 / frame_rate_of(pictures) if pictures else Fraction(0)
        self._ahead: deque[Packet[Stream]] = deque()
        self._later_s = [Fraction(0)]
        self._last_dts_s: Fraction | None = None
        self._end_s = Fraction(0)

    def __iter__(self) -> Iterator[Packet[Stream]]:
        """The packets that are no pictures. Raises av.error.FFmpegError where the file is damaged."""
        while True:
            if self._ahead:
                yield self._ahead.popleft()
            elif not self._read_on():
                return

    def later_s(self, number: int) -> Fraction | None:
        """How much later than the file says, in seconds, the pictures of a recording come; None where there are none.

        Args:
            number: of the recording, from 0 on.
        """
        try:
            while number >= len(self._later_s) and len(self._ahead) < _LOOKS_AHEAD and self._read_on():
                pass
        except av.error.FFmpegError:
            # Told again, with all that could be read before it, to whoever reads on.
            pass
        return self._later_s[number] if number < len(self._later_s) else None

    def _read_on(self) -> bool:
        """Take one more packet of the file; False at its end."""
        packet = next(self._packets, None)
        if packet is None:
            return False
        if self._pictures is not None and packet.stream_index == self._pictures.index:
            self._take_picture(packet)
        else:
            self._ahead.append(packet)
        return True

    def _take_picture(self, packet: Packet[Stream]) -> None:
        if packet.dts is None or packet.size == 0:
            return
        dts_s = packet.dts * packet.time_base
        shown_s = dts_s if packet.pts is None else packet.pts * packet.time_base
        if self._last_dts_s is not None and self._last_dts_s - dts_s >= JOINED_S:
            self._later_s.append(self._end_s - shown_s)
        self._last_dts_s = dts_s
        lasts_s = packet.duration * packet.time_base if packet.duration else self._lasts_s
        self._end_s = max(self._end_s, shown_s + self._later_s[-1] + lasts_s)


class RisingClock:
    """The times of one stream: no container takes a packet that begins before the one in front of it."""

    def __init__(self, recordings: Recordings, *, at_once: bool) -> None:
        """No packet has come yet.

        Args:
            recordings: of the file.
            at_once: two packets may begin at the same time, as subtitles do.
        """
        self._recordings = recordings
        self._at_once = at_once
        self._number = 0
        self._shift = 0
        self._told_dts: int | None = None
        self._last_dts: int | None = None
        self._end = 0

    def sets(self, packet: Packet[Stream]) -> bool:
        """Give the packet a time after the last one; False for a packet whose time has gone by.

        Far back is another recording joined on, whose sound begins with its pictures. Where no pictures show when that
        is, it begins where the sound before it ends.
        """
        assert packet.dts is not None
        if self._told_dts is not None and (self._told_dts - packet.dts) * packet.time_base >= JOINED_S:
            later_s = self._recordings.later_s(self._number + 1)
            if later_s is None:
                self._shift = self._end - packet.dts
            else:
                self._number += 1
                self._shift = round(later_s / packet.time_base)
        self._told_dts = packet.dts
        dts = packet.dts + self._shift
        if self._last_dts is not None and dts <= self._last_dts:
            if not self._at_once:
                return False
            dts = self._last_dts
        # Some files have a packet shown before it is decoded, which is no sound's case.
        pts = packet.pts + self._shift if packet.pts is not None else dts
        packet.dts, packet.pts = dts, max(dts, pts)
        self._last_dts, self._end = dts, dts + max(1, packet.duration or 0)
        return True
