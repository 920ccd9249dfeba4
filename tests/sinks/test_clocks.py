"""When sound is heard behind the joint of two recordings; tests/sinks/test_original.py writes such files."""

import itertools
from fractions import Fraction

import av
import pytest

from deeplab_cv.sinks.clocks import Recordings, RisingClock
from tests.sinks.clips import write_clip

TICK = Fraction(1, 30000)
FRAME_S = Fraction(1001, 30000)


def recording(path, frames, begins_s=0):
    """A recording in MPEG-TS; its sound lasts 0.1 s longer than its pictures."""
    first = round(begins_s / TICK)
    return write_clip(path, [first + 1001 * number for number in range(frames)], TICK, sound_start_s=Fraction(begins_s))


def joined(folder, *lengths):
    path = folder / "joined.ts"
    path.write_bytes(b"".join(recording(folder / f"{n}.ts", each).read_bytes() for n, each in enumerate(lengths)))
    return path


def recordings_of(container):
    pictures = container.streams.video[0]
    return Recordings(container.demux([pictures, container.streams.audio[0]]), pictures)


def test_the_pictures_of_each_recording_come_where_those_before_it_end(tmp_path):
    with av.open(str(joined(tmp_path, 30, 45, 20))) as container:
        recordings = recordings_of(container)

        later_s = [recordings.later_s(number) for number in range(3)]

        assert later_s == [0, 30 * FRAME_S, 75 * FRAME_S]
        assert recordings.later_s(3) is None


def test_looking_ahead_for_pictures_loses_no_sound(tmp_path):
    path = joined(tmp_path, 30, 45)
    with av.open(str(path)) as container:
        expected = [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]
    with av.open(str(path)) as container:
        recordings = recordings_of(container)
        recordings.later_s(1)

        assert [bytes(packet) for packet in recordings if packet.size] == expected


@pytest.mark.parametrize("lengths", [(30, 30), (30, 45, 20), (20, 20, 20, 20)])
def test_sound_is_in_step_in_every_recording(tmp_path, lengths):
    with av.open(str(joined(tmp_path, *lengths))) as container:
        recordings = recordings_of(container)
        clock = RisingClock(recordings, at_once=False)
        told, heard = [], []
        for packet in recordings:
            if packet.dts is not None and packet.size:
                told.append(packet.pts * packet.time_base)
                heard.append(packet.pts * packet.time_base if clock.sets(packet) else None)

    later_s = {sum(lengths[:number]) * FRAME_S for number in range(len(lengths))}
    shifts = {after - before for before, after in zip(told, heard, strict=True) if after is not None}
    times = [time for time in heard if time is not None]
    assert len(shifts) == len(lengths)
    assert all(min(abs(shift - each) for each in later_s) < Fraction(1, 1000) for shift in shifts)
    assert times == sorted(times)


def test_without_pictures_a_recording_s_sound_begins_where_the_sound_before_it_ends(tmp_path):
    with av.open(str(joined(tmp_path, 30, 30))) as container:
        recordings = Recordings(container.demux(container.streams.audio[0]), None)
        clock = RisingClock(recordings, at_once=False)
        packets = [packet for packet in recordings if packet.size]
        assert all(clock.sets(packet) for packet in packets)
        times = [packet.dts * packet.time_base for packet in packets]

    assert max(after - before for before, after in itertools.pairwise(times)) < Fraction(3, 100)


@pytest.mark.parametrize(("at_once", "taken"), [(False, [True, False, False, True]), (True, [True, True, True, True])])
def test_times_rise(at_once, taken):
    clock = RisingClock(Recordings(iter(()), None), at_once=at_once)
    packets = []
    for time in (1000, 1000, 990, 1020):
        packet = av.Packet(b"x")
        packet.time_base, packet.dts, packet.pts = Fraction(1, 1000), time, time
        packets.append(packet)

    assert [clock.sets(packet) for packet in packets] == taken
    assert packets[-1].dts == 1020
