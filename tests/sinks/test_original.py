import itertools
import shutil
from fractions import Fraction

import av
import numpy as np
import pytest

from deeplab_cv.frames.frame import Painted
from deeplab_cv.sinks.original import Original
from deeplab_cv.sinks.sink import in_words
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import NTSC, SIZE, read_clip, scene, sound_packets, with_subtitles, write_clip
from tests.sources.clips import write_scenes
from tests.test_samples import SAMPLES

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
    assert max(gaps_s(tmp_path / target)) < 0.05
    # A recording's sound lasts longer than its pictures: as much of the next one's is left out.
    told = read_clip(one)
    assert 90 < len(clip.sounds[0]) < 2 * len(told.sounds[0])
    in_step = told.sounds[0][-1][0] - told.times_s[0]
    assert abs(clip.sounds[0][-1][0] - clip.times_s[30] - in_step) < Fraction(1, 500)


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


SPOKEN = [(Fraction(1, 10), "eins"), (Fraction(1, 2), "zwei"), (Fraction(4, 5), "drei")]


def subtitles_in(path):
    """Time in seconds and words of each subtitle."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        found = [
            (packet.pts * packet.time_base, bytes(packet)) for packet in container.demux(stream) if packet.size > 2
        ]
    return [(time_s, data[-4:].decode()) for time_s, data in found]


def tags_of(path):
    with av.open(str(path)) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        return tags, [stream.metadata.get("language") for stream in container.streams]


@pytest.mark.parametrize(
    ("name", "codec", "target"),
    [
        ("in.mp4", "mov_text", "out.mp4"),
        ("in.mp4", "mov_text", "out.mov"),
        ("in.mkv", "subrip", "out.mkv"),
        ("in.mkv", "ass", "out.mkv"),
        ("in.mkv", "webvtt", "out.webm"),
    ],
)
def test_subtitles_are_copied_at_their_times(tmp_path, name, codec, target):
    sound = "libopus" if target == "out.webm" else "aac"
    one = write_clip(tmp_path / "one.mp4", STEADY, TICK, sound_codecs=(sound,))
    clip = with_subtitles(one, tmp_path / name, codec, SPOKEN)

    line = copied(clip, tmp_path / target)

    assert line == f"{tmp_path / target}: 30 frames, sound copied, subtitles copied"
    assert subtitles_in(tmp_path / target) == subtitles_in(clip)
    assert len(read_clip(tmp_path / target).pictures) == 30


def test_several_subtitles_at_the_same_time_are_all_kept(tmp_path):
    together = [(Fraction(1, 5), "eins"), (Fraction(1, 5), "zwei"), (Fraction(1, 5), "drei")]
    clip = with_subtitles(write_clip(tmp_path / "one.mp4", STEADY, TICK), tmp_path / "in.mkv", "ass", together)

    copied(clip, tmp_path / "out.mkv")

    assert [text for _, text in subtitles_in(tmp_path / "out.mkv")] == ["eins", "zwei", "drei"]


@pytest.mark.parametrize(
    ("name", "codec", "target", "words"),
    [
        ("in.mp4", "mov_text", "out.mkv", "subtitles left out: .mkv cannot hold its mov_text subtitles, .mp4 can"),
        ("in.mkv", "subrip", "out.mp4", "subtitles left out: .mp4 cannot hold its srt subtitles, .mkv can"),
        ("in.mkv", "ass", "out.webm", "subtitles left out: .webm cannot hold its ssa subtitles, .mkv can"),
    ],
)
def test_subtitles_the_container_cannot_hold_are_left_out_with_a_word(tmp_path, caplog, name, codec, target, words):
    one = write_clip(tmp_path / "one.mp4", STEADY, TICK, sound_codecs=("libopus",))
    clip = with_subtitles(one, tmp_path / name, codec, SPOKEN)

    line = copied(clip, tmp_path / target)

    assert line == f"{tmp_path / target}: 30 frames, sound copied, {words}"
    assert caplog.messages == [f"{name}: {words}"]


def test_subtitles_without_sound_are_copied_as_well(tmp_path):
    clip = with_subtitles(
        write_clip(tmp_path / "one.mp4", STEADY, TICK, sound_codecs=()), tmp_path / "in.mkv", "subrip", SPOKEN
    )

    line = copied(clip, tmp_path / "out.mkv")

    assert line.endswith("30 frames, subtitles copied")


def test_sound_that_a_container_only_says_it_holds_costs_no_picture(tmp_path, caplog):
    clip = write_clip(tmp_path / "in.mp4", STEADY, TICK, sound_codecs=("libopus", "aac"))

    line = copied(clip, tmp_path / "out.mov")

    words = "sound left out: .mov cannot hold its opus sound, .mkv can"
    assert line == f"{tmp_path / 'out.mov'}: 30 frames, sound copied, {words}"
    assert caplog.messages == [f"in.mp4: {words}"]
    assert sound_packets(tmp_path / "out.mov") == sound_packets(clip, 1)


def test_a_source_that_is_moved_away_meanwhile_costs_its_sound_alone(tmp_path, caplog):
    clip = write_clip(tmp_path / "in.mp4", STEADY, TICK)
    with VideoSource(clip) as source:
        clip.rename(tmp_path / "elsewhere.mp4")

        sink = VideoSink(tmp_path / "out.mp4", source.info)
        for frame in iter(source.read, None):
            sink.write(Painted(frame, None, frame.pixels, ()))
        line = in_words(sink.finish())

    assert line == f"{tmp_path / 'out.mp4'}: 30 frames"
    assert caplog.messages == ["in.mp4: its sound is left out: No such file or directory"]


@pytest.mark.parametrize("target", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
def test_title_date_and_languages_are_kept_and_the_place_is_not(tmp_path, target):
    sound = "libopus" if target == "out.webm" else "aac"
    one = write_clip(tmp_path / "one.mp4", STEADY, TICK, sound_codecs=(sound,))
    clip = with_subtitles(one, tmp_path / "in.mkv", "webvtt", SPOKEN)

    copied(clip, tmp_path / target)

    tags, languages = tags_of(tmp_path / target)
    assert tags["title"] == "Schafe & Hunde"
    assert tags["comment"] == "spät"
    assert tags["creation_time"] == "2024-05-06T07:08:09.000000Z"
    assert "location" not in tags
    assert languages[:2] == ["ita", "ita"]
    assert languages[2:] in (["fra"], [])


def test_the_shared_clip_keeps_its_title_and_its_subtitles(tmp_path):
    case = SAMPLES.parent / "cases" / "title-and-subtitles.mp4"
    if not case.is_file():
        pytest.skip("the shared cases are not here")

    line = copied(case, tmp_path / "out.mp4")

    tags, _ = tags_of(tmp_path / "out.mp4")
    assert (tags["title"], tags["creation_time"]) == ("A title", "2024-05-06T07:08:09.000000Z")
    assert line.endswith("sound copied, subtitles copied")


def test_the_shared_recordings_joined_with_sound_are_written_whole(tmp_path):
    case = SAMPLES.parent / "cases" / "two-recordings-joined-with-sound.ts"
    if not case.is_file():
        pytest.skip("the shared cases are not here")

    copied(case, tmp_path / "out.mp4")

    with VideoSource(case) as source:
        assert len(read_clip(tmp_path / "out.mp4").pictures) == len(list(iter(source.read, None)))


def test_the_shared_clip_with_a_cover_keeps_the_video_s_own_colours(tmp_path):
    case = SAMPLES.parent / "cases" / "cover-before-hlg.mkv"
    if not case.is_file():
        pytest.skip("the shared cases are not here")

    copied(case, tmp_path / "out.mp4")

    stream = read_clip(tmp_path / "out.mp4").stream
    assert (stream["primaries"], stream["transfer"]) == (BT2020, HLG)


def as_broadcast(path, codec):
    """A second of pictures with sound in MPEG-TS, where each packet of AAC has a head of its own."""
    with av.open(str(path), "w") as out:
        pictures, sound = out.add_stream("mpeg2video", rate=25), out.add_stream(codec, rate=48000, layout="stereo")
        pictures.width, pictures.height, pictures.pix_fmt = *SIZE, "yuv420p"
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(scene(number, SIZE), "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(pictures.encode(frame))
            silence = av.AudioFrame.from_ndarray(np.zeros((2, 1920), np.float32), "fltp", "stereo")
            silence.rate, silence.pts, silence.time_base = 48000, 1920 * number, Fraction(1, 48000)
            out.mux(sound.encode(silence))
        out.mux(pictures.encode(None))
        out.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("codec", ["ac3", "eac3", "aac"])
def test_what_a_killed_run_leaves_of_a_broadcast_plays_with_its_sound(tmp_path, codec, suffix):
    with VideoSource(as_broadcast(tmp_path / "in.ts", codec)) as source:
        sink = VideoSink(tmp_path / f"out{suffix}", source.info)
        for _ in range(40):
            frame = source.read()
            sink.write(Painted(frame, None, frame.pixels, ()))
        (draft,) = tmp_path.glob(f".out.unfinished-*{suffix}")
        killed = shutil.copy(draft, tmp_path / f"killed{suffix}")
        while (frame := source.read()) is not None:
            sink.write(Painted(frame, None, frame.pixels, ()))
        sink.finish()

    counts = []
    for file in (killed, tmp_path / f"out{suffix}"):
        with av.open(str(file)) as container:
            assert container.streams.audio[0].codec_context.name == codec
            kinds = [frame for packet in container.demux() for frame in packet.decode()]
            counts += [sum(isinstance(frame, kind) for frame in kinds) for kind in (av.VideoFrame, av.AudioFrame)]
    assert counts[0] >= 20
    assert counts[1] >= 20
    assert counts[2] == 50
    assert counts[3] >= 60


def with_late_sound(path, codec):
    """Two seconds of pictures with sound from 1.5 s on, in Matroska."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = *SIZE, "yuv420p"
        sound = out.add_stream(codec, rate=48000, layout="stereo")
        packets = []
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(scene(number, SIZE), "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            packets += pictures.encode(frame)
        heard = av.AudioFrame.from_ndarray(np.zeros((2, 24000), np.float32), "fltp", "stereo")
        heard.rate, heard.pts, heard.time_base = 48000, 72000, Fraction(1, 48000)
        packets += [*pictures.encode(None), *sound.encode(heard), *sound.encode(None)]
        for packet in sorted(packets, key=lambda each: each.dts * each.time_base):
            out.mux(packet)
    return path


@pytest.mark.parametrize("name", ["out.mp4", "out.mov"])
@pytest.mark.parametrize("what", ["mov_text", "ac3", "eac3"])
def test_what_fragments_cannot_hold_is_in_the_finished_file_and_what_a_killed_run_leaves_plays(tmp_path, what, name):
    if what == "mov_text":
        clip = with_subtitles(write_clip(tmp_path / "one.mp4", STEADY, TICK), tmp_path / "in.mp4", what, SPOKEN)
    else:
        clip = with_late_sound(tmp_path / "in.mkv", what)
    with VideoSource(clip) as source:
        sink = VideoSink(tmp_path / name, source.info)
        frames = list(iter(source.read, None))
        for frame in frames:
            sink.write(Painted(frame, None, frame.pixels, ()))
        (draft,) = tmp_path.glob(".out.unfinished-*")
        killed = shutil.copy(draft, tmp_path / f"killed{draft.suffix}")
        line = in_words(sink.finish())

    assert len(read_clip(killed).pictures) > len(frames) // 2
    finished = read_clip(tmp_path / name)
    assert finished.times_s == read_clip(clip).times_s
    if what == "mov_text":
        assert line.endswith("sound copied, subtitles copied")
        assert subtitles_in(tmp_path / name) == subtitles_in(clip)
        assert finished.sounds == read_clip(clip).sounds
    else:
        assert line.endswith("sound copied")
        assert [data for _, data in finished.sounds[0]] == [data for _, data in sound_packets(clip)]
        assert abs(finished.sounds[0][0][0] - sound_packets(clip)[0][0]) < Fraction(1, 500)
    assert list(tmp_path.glob(".*")) == []


def test_without_room_for_it_what_fragments_cannot_hold_is_left_out_with_a_line(tmp_path, monkeypatch, caplog):
    clip = with_subtitles(write_clip(tmp_path / "one.mp4", STEADY, TICK), tmp_path / "in.mp4", "mov_text", SPOKEN)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))

    line = copied(clip, tmp_path / "out.mp4")

    assert line.endswith("30 frames, sound copied, subtitles copied, not all of them")
    assert caplog.messages == ["in.mp4: subtitles left out: No space left on device"]
    assert len(read_clip(tmp_path / "out.mp4").pictures) == 30
    assert list(tmp_path.glob(".*")) == []


def test_a_part_of_a_video_has_its_subtitles_as_well(tmp_path):
    clip = with_subtitles(write_clip(tmp_path / "one.mp4", STEADY, TICK), tmp_path / "in.mp4", "mov_text", SPOKEN)
    with VideoSource(clip, start=0.45) as source:
        sink = VideoSink(tmp_path / "out.mp4", source.info, whole=False)
        frames = list(iter(source.read, None))
        for frame in frames:
            sink.write(Painted(frame, None, frame.pixels, ()))
        sink.finish()

    shift_s = frames[0].time_s
    found = subtitles_in(tmp_path / "out.mp4")
    assert [text for _, text in found] == ["zwei", "drei"]
    assert all(
        abs(time_s - (spoken_s - shift_s)) < Fraction(1, 500)
        for (time_s, _), (spoken_s, _) in zip(found, SPOKEN[1:], strict=True)
    )
    assert len(read_clip(tmp_path / "out.mp4").pictures) == len(frames)
