import itertools
from fractions import Fraction

import av
import pytest

from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.original import Original
from deeplab_cv.sinks.sink import in_words
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import NTSC, read_clip, sound_packets, write_clip
from tests.sources.clips import write_scenes

TICK = Fraction(1, 30000)
STEADY = [1001 * number for number in range(30)]
HLG, BT2020 = 18, 9


def copied(source_path, out_path):
    """The source read and written again as a job does it without painting; returns the line for the user."""
    with VideoSource(source_path) as source:
        sink = VideoSink(out_path, source.info)
        for frame in iter(source.read, None):
            sink.write(Painted(frame, None, frame.pixels, ()))
        return in_words(sink.finish())


def later_by(path, seconds):
    """The clip's packets in MPEG-TS, so many seconds later."""
    moved = path.with_name(f"later-{seconds}.ts")
    with av.open(str(path)) as source, av.open(str(moved), "w", options={"muxdelay": "0"}) as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                shift = round(seconds / packet.time_base)
                packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                packet.stream = copies[packet.stream_index]
                out.mux(packet)
    return moved


def gaps_s(path):
    """Seconds from each packet of sound to the next."""
    times = [time_s for time_s, _ in sound_packets(path)]
    return [float(after - before) for before, after in itertools.pairwise(times)]


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_two_recordings_joined_with_their_sound_become_one(tmp_path, target):
    one = write_clip(tmp_path / "one.ts", STEADY, TICK)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() * 2)

    line = copied(joined, tmp_path / target)

    clip = read_clip(tmp_path / target)
    assert line.endswith("60 frames, sound copied")
    assert len(clip.sounds[0]) == 2 * len(sound_packets(one))
    assert max(gaps_s(tmp_path / target)) < 0.03
    # A recording's sound lasts 0.1 s longer than its pictures.
    assert abs(float(clip.times_s[-1] - clip.sounds[0][-1][0])) < 0.25


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_sound_that_steps_back_a_little_goes_on_where_its_time_has_not_gone_by(tmp_path, target):
    one = write_clip(tmp_path / "one.ts", STEADY, TICK)
    stuttering = tmp_path / "stuttering.ts"
    stuttering.write_bytes(later_by(one, 0).read_bytes() + later_by(one, 0.8).read_bytes())

    line = copied(stuttering, tmp_path / target)

    assert line.endswith("60 frames, sound copied")
    assert min(gaps_s(tmp_path / target)) > 0
    assert max(gaps_s(tmp_path / target)) < 0.05


def test_a_packet_of_sound_that_comes_twice_is_written_once(tmp_path):
    one = write_clip(tmp_path / "one.mp4", STEADY, TICK)
    twice = tmp_path / "twice.mkv"
    with av.open(str(one)) as source, av.open(str(twice), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for number, packet in enumerate(source.demux()):
            if packet.dts is None:
                continue
            index, dts, pts, time_base = packet.stream_index, packet.dts, packet.pts, packet.time_base
            packet.stream = copies[index]
            out.mux(packet)
            if number % 7 == 0 and copies[index].type == "audio":
                packet.dts, packet.pts, packet.time_base = dts, pts, time_base
                out.mux(packet)
    assert len(sound_packets(twice)) > len(sound_packets(one))

    copied(twice, tmp_path / "out.mp4")

    assert [data for _, data in sound_packets(tmp_path / "out.mp4")] == [data for _, data in sound_packets(one)]


def test_sound_that_the_output_refuses_midway_costs_no_picture(tmp_path, caplog):
    one = write_clip(tmp_path / "one.ts", STEADY, TICK)
    data = bytearray(one.read_bytes())
    spoilt = tmp_path / "spoilt.ts"
    # The beginning of every packet of AAC in a transport stream, behind the first few.
    places = [at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1] in (0xF0, 0xF1)]
    for at in places[8:]:
        data[at : at + 2] = b"\0\0"
    spoilt.write_bytes(bytes(data))

    line = copied(spoilt, tmp_path / "out.mp4")

    assert len(read_clip(tmp_path / "out.mp4").pictures) == 30
    assert "30 frames" in line


def test_colons_in_relative_names_of_input_and_output_are_no_protocols(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", STEADY, TICK).rename("12:30.mp4")

    line = copied(type(tmp_path)("12:30.mp4"), type(tmp_path)("http:12:31.mp4"))

    assert line == "http:12:31.mp4: 30 frames, sound copied"
    assert len(read_clip(tmp_path / "http:12:31.mp4").pictures) == 30


def test_tags_that_are_not_utf8_stop_nothing(tmp_path):
    one = write_clip(tmp_path / "one.mp4", STEADY, TICK)
    tagged = tmp_path / "tagged.mkv"
    with av.open(str(one)) as source, av.open(str(tagged), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for copy in copies.values():
            copy.metadata["title"] = "cafX"
        out.metadata["title"] = "cafX"
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                out.mux(packet)
    data = tagged.read_bytes()
    assert data.count(b"cafX") >= 3
    tagged.write_bytes(data.replace(b"cafX", b"caf\xe9"))

    line = copied(tagged, tmp_path / "out.mp4")

    assert line.endswith("30 frames, sound copied")


def test_colours_are_those_of_the_video_and_not_of_its_cover(tmp_path):
    film = write_scenes(tmp_path / "film.mkv", color_trc=HLG, color_primaries=BT2020)
    covered = tmp_path / "covered.mkv"
    with av.open(str(film)) as source, av.open(str(covered), "w") as out:
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "yuvj420p"
        copy = out.add_stream_from_template(source.streams.video[0])
        picture = av.VideoFrame(16, 16, "yuvj420p")
        picture.pts = 0
        out.mux(cover.encode(picture))
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)

    original = Original(covered)
    meaning = original.colour_meaning
    original.close()

    assert meaning == (BT2020, HLG)


def test_ntsc_clips_keep_every_packet_of_sound(tmp_path):
    one = write_clip(tmp_path / "one.mp4", list(range(30)), 1 / NTSC)

    copied(one, tmp_path / "out.mp4")

    assert sound_packets(tmp_path / "out.mp4") == sound_packets(one)
