import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.frames.pixels import BT601, BT709, Pixels, Planes
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.video import VideoSink
from tests.sinks.clips import (
    NTSC,
    SIZE,
    STEADY,
    TICK,
    cut_out,
    disc,
    info_of,
    painted,
    read_clip,
    read_transparent,
    run_through,
    scene,
    sound_packets,
    to_bgr,
    write_clip,
)
from tests.threads import of_each_thread

VARIABLE = [0, 1001, 2002, 5005, 6006, 9009, 14014, 15015, 16016, 17017]


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["out.mp4", "out.mov"])
@pytest.mark.parametrize("pts", [STEADY, VARIABLE], ids=["steady", "variable"])
def test_timestamps_and_their_unit_are_those_of_the_source(tmp_path, pts, name):
    sink = VideoSink(tmp_path / name, info_of(rate=NTSC))

    written = run_through(sink, pts).finish()

    clip = read_clip(tmp_path / name)
    assert clip.times_s == [moment * TICK for moment in pts]
    assert clip.stream["time_base"] == TICK
    assert written == Written(tmp_path / name, len(pts))
    assert left_in(tmp_path) == [name]


def test_the_ntsc_rate_stays_a_fraction(tmp_path):
    run_through(VideoSink(tmp_path / "out.mp4", info_of(rate=NTSC)), STEADY).finish()

    clip = read_clip(tmp_path / "out.mp4")
    assert clip.stream["average_rate"] == NTSC
    assert clip.stream["duration_s"] == 24 / NTSC


def test_the_last_frame_of_variable_rate_lasts_as_long_as_the_shortest_before(tmp_path):
    run_through(VideoSink(tmp_path / "out.mp4", info_of(rate=NTSC)), VARIABLE).finish()

    assert read_clip(tmp_path / "out.mp4").stream["duration_s"] == (17017 + 1001) * TICK


def test_matroska_keeps_timestamps_to_its_own_millisecond(tmp_path):
    run_through(VideoSink(tmp_path / "out.mkv", info_of(rate=NTSC)), STEADY).finish()

    clip = read_clip(tmp_path / "out.mkv")
    assert all(
        abs(time - moment * TICK) <= Fraction(1, 2000) for time, moment in zip(clip.times_s, STEADY, strict=True)
    )
    assert clip.stream["average_rate"] == NTSC


def test_two_frames_with_one_timestamp_are_both_kept(tmp_path):
    run_through(VideoSink(tmp_path / "out.mp4", info_of()), [0, 1, 1, 2, 5], Fraction(1, 25)).finish()

    clip = read_clip(tmp_path / "out.mp4")
    assert len(clip.pictures) == 5
    assert clip.times_s == sorted(set(clip.times_s))


@pytest.mark.parametrize(("source", "target"), [("in.mp4", "out.mp4"), ("in.mov", "out.mp4"), ("in.mkv", "out.mkv")])
def test_sound_is_copied_packet_for_packet(tmp_path, source, target):
    clip = write_clip(tmp_path / source, STEADY, TICK)

    written = run_through(VideoSink(tmp_path / target, info_of(clip)), STEADY).finish()

    before, after = sound_packets(clip), sound_packets(tmp_path / target)
    assert [data for _, data in after] == [data for _, data in before]
    assert [time for time, _ in after] == [time for time, _ in before]
    assert written == Written(tmp_path / target, 24, "sound copied")


@pytest.mark.parametrize(
    ("source", "codec", "target"),
    [
        ("in.mkv", "libmp3lame", "out.mp4"),
        ("in.webm", "libopus", "out.webm"),
        ("in.webm", "libopus", "out.mp4"),
        ("in.mkv", "flac", "out.mp4"),
        ("in.mov", "pcm_s16le", "out.mov"),
    ],
)
def test_every_usual_codec_of_sound_is_copied(tmp_path, source, codec, target):
    made = write_clip(tmp_path / "made.mkv", STEADY, TICK, sound_codecs=(codec,))
    clip = made.rename(tmp_path / source)  # FFmpeg reads what is in a file, not its name

    run_through(VideoSink(tmp_path / target, info_of(clip)), STEADY).finish()

    assert b"".join(data for _, data in sound_packets(tmp_path / target)) == b"".join(
        data for _, data in sound_packets(clip)
    )


def test_two_sounds_with_their_languages_are_both_copied(tmp_path):
    clip = write_clip(tmp_path / "in.mkv", STEADY, TICK, sound_codecs=("aac", "libmp3lame"))

    run_through(VideoSink(tmp_path / "out.mp4", info_of(clip)), STEADY).finish()

    assert [len(sound) for sound in read_clip(tmp_path / "out.mp4").sounds] == [
        len(sound) for sound in read_clip(clip).sounds
    ]


def test_sound_the_container_cannot_hold_is_left_out_with_a_word(tmp_path, caplog):
    clip = write_clip(tmp_path / "in.mp4", STEADY, TICK)

    written = run_through(VideoSink(tmp_path / "out.webm", info_of(clip)), STEADY).finish()

    assert written.note == "sound left out: .webm cannot hold its aac sound, .mkv can"
    assert "cannot hold its aac sound" in caplog.text
    assert read_clip(tmp_path / "out.webm").sounds == []


def test_sound_that_begins_later_than_the_pictures_stays_in_step(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", STEADY, TICK, sound_start_s=Fraction(1, 4))

    run_through(VideoSink(tmp_path / "out.mp4", info_of(clip)), STEADY).finish()

    assert sound_packets(tmp_path / "out.mp4") == sound_packets(clip)


def test_pictures_that_begin_later_than_the_sound_stay_in_step(tmp_path):
    late = [moment + 6006 for moment in STEADY]
    clip = write_clip(tmp_path / "in.mp4", late, TICK)

    run_through(VideoSink(tmp_path / "out.mp4", info_of(clip)), late).finish()

    assert read_clip(tmp_path / "out.mp4").times_s == [moment * TICK for moment in late]
    assert sound_packets(tmp_path / "out.mp4") == sound_packets(clip)


def test_a_transport_stream_begins_at_zero_with_sound_in_step(tmp_path):
    hour = 90000 * 3600
    pts = [hour + 3003 * number for number in range(24)]
    clip = write_clip(tmp_path / "in.ts", pts, Fraction(1, 90000), sound_start_s=Fraction(3600))
    source = read_clip(clip)

    sink = VideoSink(tmp_path / "out.mp4", info_of(clip))
    run_through(sink, [round(time * 90000) for time in source.times_s], Fraction(1, 90000)).finish()

    written = read_clip(tmp_path / "out.mp4")
    shift = source.times_s[0] - written.times_s[0]
    assert 0 <= min(written.times_s[0], written.sounds[0][0][0]) < Fraction(1, 10)
    assert abs(source.sounds[0][0][0] - written.sounds[0][0][0] - shift) < Fraction(1, 1000)


def test_a_cut_job_begins_at_zero_and_its_sound_goes_as_far_as_its_pictures(tmp_path):
    long = [1001 * number for number in range(150)]
    clip = write_clip(tmp_path / "in.mp4", long, TICK)
    first, last = 60, 110

    sink = VideoSink(tmp_path / "out.mp4", info_of(clip, rate=NTSC), whole=False)
    run_through(sink, long[first:last]).finish()

    begin, end = long[first] * TICK, long[last] * TICK
    expected = [(time - begin, data) for time, data in sound_packets(clip) if begin <= time < end]
    sound = sound_packets(tmp_path / "out.mp4")
    assert read_clip(tmp_path / "out.mp4").times_s == [(moment - long[first]) * TICK for moment in long[first:last]]
    assert [data for _, data in sound] == [data for _, data in expected]
    assert max(abs(ours - theirs) for (ours, _), (theirs, _) in zip(sound, expected, strict=True)) <= TICK / 2


def test_a_source_without_sound_makes_a_silent_file(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", STEADY, TICK, sound_codecs=())

    written = run_through(VideoSink(tmp_path / "out.mp4", info_of(clip)), STEADY).finish()

    assert (written.frames, written.note) == (24, "")
    assert read_clip(tmp_path / "out.mp4").sounds == []


@pytest.mark.parametrize(
    ("name", "codec", "decoder", "tag"),
    [
        ("out.mp4", None, "h264", "avc1"),
        ("out.mov", None, "h264", "avc1"),
        ("out.mkv", None, "h264", None),
        ("out.webm", None, "vp9", None),
        ("out.mp4", "hevc", "hevc", "hvc1"),
        ("out.mp4", "av1", "libdav1d", "av01"),
        ("out.mp4", "vp9", "vp9", "vp09"),
        ("out.webm", "av1", "libdav1d", None),
        ("out.mkv", "hevc", "hevc", None),
    ],
)
def test_each_codec_and_container_holds_every_frame(tmp_path, name, codec, decoder, tag):
    run_through(VideoSink(tmp_path / name, info_of(rate=NTSC), OutputOptions(codec=codec)), VARIABLE).finish()

    clip = read_clip(tmp_path / name)
    assert len(clip.pictures) == len(VARIABLE)
    assert clip.stream["codec"] == decoder
    assert clip.stream["pix_fmt"] == "yuv420p"
    assert tag is None or clip.stream["tag"] == tag
    for index, picture in enumerate(clip.pictures):
        assert np.abs(picture.astype(int) - scene(index, SIZE)).mean() < 6


def test_the_index_lies_before_the_pictures_so_that_browsers_start_at_once(tmp_path):
    run_through(VideoSink(tmp_path / "out.mp4", info_of()), STEADY).finish()

    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(("size", "matrix"), [((640, 360), 6), ((1280, 720), 1), ((720, 1280), 1), ((720, 576), 6)])
def test_colours_do_not_shift_and_the_file_says_how_they_are_meant(tmp_path, size, matrix):
    sink = VideoSink(tmp_path / "out.mp4", info_of(), OutputOptions(crf=18))

    run_through(sink, range(5), Fraction(1, 25), size).finish()

    clip = read_clip(tmp_path / "out.mp4")
    tags = {key: clip.stream[key] for key in ("matrix", "primaries", "transfer", "range")}
    assert tags == {"matrix": matrix, "primaries": 1, "transfer": 1, "range": 1}
    for index, picture in enumerate(clip.pictures):
        difference = picture.astype(int) - scene(index, size)
        assert np.abs(difference).mean() < 2
        assert np.abs(difference.mean(axis=(0, 1))).max() < 0.5


def test_primaries_and_transfer_of_the_source_are_kept(tmp_path):
    with av.open(str(tmp_path / "in.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.color_primaries, stream.codec_context.color_trc = 9, 18  # BT.2020, HLG
        container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(0, SIZE), format="bgr24")))
        container.mux(stream.encode(None))

    run_through(VideoSink(tmp_path / "out.mp4", info_of(tmp_path / "in.mp4")), [0], Fraction(1, 25)).finish()

    stream = read_clip(tmp_path / "out.mp4").stream
    assert (stream["primaries"], stream["transfer"], stream["matrix"]) == (9, 18, 6)


@pytest.mark.parametrize("size", [Size(641, 359), Size(641, 360), Size(640, 359), Size(1, 1), Size(101, 57)])
def test_an_odd_side_grows_by_a_copy_of_its_last_pixels(tmp_path, size):
    sink = VideoSink(tmp_path / "out.mp4", info_of())

    run_through(sink, range(3), Fraction(1, 25), size).finish()

    width, height = size
    clip = read_clip(tmp_path / "out.mp4")
    assert clip.stream["size"] == (width + width % 2, height + height % 2)
    assert np.abs(clip.pictures[1][:height, :width].astype(int) - scene(1, size)).mean() < 4


def test_a_picture_of_another_size_is_fitted_into_the_file(tmp_path):
    sink = VideoSink(tmp_path / "out.mp4", info_of())
    sink.write(painted(np.full((48, 64, 3), 200, np.uint8), 0))
    sink.write(painted(np.full((48, 128, 3), 200, np.uint8), 1))
    sink.finish()

    second = read_clip(tmp_path / "out.mp4").pictures[1].mean(axis=(1, 2))
    assert second[24] > 190
    assert second[:8].max() < 20 and second[-8:].max() < 20


def test_a_file_that_is_already_there_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "out.mp4").write_bytes(b"older")
    sink = run_through(VideoSink(tmp_path / "out.mp4", info_of()), STEADY)

    assert (tmp_path / "out.mp4").read_bytes() == b"older"
    sink.finish()
    assert len(read_clip(tmp_path / "out.mp4").pictures) == 24


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm"])
def test_an_abandoned_job_leaves_what_was_done_under_a_name_that_says_so(tmp_path, name):
    clip = write_clip(tmp_path / "in.mkv", STEADY, TICK, sound_codecs=("libopus",))
    (tmp_path / name).write_bytes(b"older")
    sink = run_through(VideoSink(tmp_path / name, info_of(clip, rate=NTSC)), STEADY[:10])

    written = sink.abandon()

    kept = tmp_path / name.replace(".", ".partial.")
    assert written == Written(kept, 10, "sound copied", whole=False)
    assert (tmp_path / name).read_bytes() == b"older"
    assert left_in(tmp_path) == sorted(["in.mkv", name, kept.name])
    partial = read_clip(kept)
    assert len(partial.pictures) == 10
    last_sound_s = partial.sounds[0][-1][0]
    assert Fraction(1, 4) < last_sound_s < 10 / NTSC


def test_an_older_partial_file_is_not_written_over(tmp_path):
    (tmp_path / "out.partial.mp4").write_bytes(b"older")

    written = run_through(VideoSink(tmp_path / "out.mp4", info_of()), STEADY[:3]).abandon()

    assert written.path == tmp_path / "out.partial-2.mp4"
    assert (tmp_path / "out.partial.mp4").read_bytes() == b"older"


def test_abandoning_before_the_first_frame_leaves_nothing(tmp_path):
    assert VideoSink(tmp_path / "out.mp4", info_of()).abandon() is None
    assert left_in(tmp_path) == []


def test_finishing_without_a_frame_writes_nothing_and_says_so(tmp_path):
    assert VideoSink(tmp_path / "out.mp4", info_of()).finish() == Written(tmp_path / "out.mp4", 0)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_a_full_disk_is_one_line_and_leaves_the_older_file_alone(small_disk, name):
    (small_disk / name).write_bytes(b"older")
    sink = VideoSink(small_disk / name, info_of(), OutputOptions(preset="ultrafast", crf=0))
    noise = np.random.default_rng(0)

    with pytest.raises(SinkError, match=r"^the disk is full: .*out\.\w+; free some space") as raised:
        for index in range(100):
            sink.write(painted(noise.integers(0, 255, (240, 320, 3), dtype=np.uint8), index))
        sink.finish()
    kept = sink.abandon()

    assert "\n" not in str(raised.value)
    assert (small_disk / name).read_bytes() == b"older"
    assert left_in(small_disk) == sorted([name, kept.path.name])
    assert 0 < kept.frames == len(read_clip(kept.path).pictures)


def test_a_disk_that_fills_up_at_the_very_end_costs_the_trailer_only(small_disk):
    sink = run_through(VideoSink(small_disk / "out.mp4", info_of(), OutputOptions(crf=0)), STEADY)
    with pytest.raises(OSError, match="No space"), (small_disk / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))

    with pytest.raises(SinkError, match=r"the disk is full: .*out\.partial\.mp4: the first \d+ frames"):
        sink.finish()

    assert left_in(small_disk) == ["fill", "out.partial.mp4"]
    assert len(read_clip(small_disk / "out.partial.mp4").pictures) > 0


def test_a_whole_video_whose_name_is_taken_meanwhile_is_kept_beside_it(tmp_path):
    sink = run_through(VideoSink(tmp_path / "out.mp4", info_of()), STEADY)
    (tmp_path / "out.mp4").mkdir()

    with pytest.raises(SinkError, match=r"cannot give the video its name: .*out\.partial\.mp4: the first 24 frames"):
        sink.finish()

    assert len(read_clip(tmp_path / "out.partial.mp4").pictures) == 24


def test_a_file_cut_off_in_its_sound_gives_what_it_has(tmp_path):
    clip = write_clip(tmp_path / "in.mkv", list(range(100)), Fraction(1, 25))
    before = sound_packets(clip)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])

    run_through(VideoSink(tmp_path / "out.mp4", info_of(clip)), range(50), Fraction(1, 25)).finish()

    after = sound_packets(tmp_path / "out.mp4")
    assert 20 < len(after) < len(before)
    assert [data for _, data in after] == [data for _, data in before[: len(after)]]


def test_a_codec_the_container_cannot_hold_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match=r"\.webm cannot hold h264"):
        VideoSink(tmp_path / "out.webm", info_of(), OutputOptions(codec="h264"))


def test_a_picture_the_encoder_cannot_take_is_named_with_its_size(tmp_path):
    sink = VideoSink(tmp_path / "out.mp4", info_of())

    with pytest.raises(SinkError, match="libx264 does not take this picture of 20000x30"):
        sink.write(painted(np.zeros((30, 20000, 3), np.uint8)))

    sink.abandon()
    assert left_in(tmp_path) == []


def test_what_the_container_refuses_is_not_the_encoder_s_fault(tmp_path):
    sink = VideoSink(tmp_path / "out.mp4", info_of(), OutputOptions(codec="hevc"))
    step = 1 << 32

    with pytest.raises(SinkError, match=r"cannot write: .*out\.mp4"):
        run_through(sink, [0, 1, 2, *(step + number for number in range(90))], Fraction(1, 1_000_000))

    sink.abandon()


def test_a_name_with_umlauts_and_spaces_is_no_trouble(tmp_path):
    folder = tmp_path / "Müllers Hündin 犬"
    folder.mkdir()
    clip = write_clip(folder / "größe.mp4", STEADY, TICK)

    run_through(VideoSink(folder / "schön ü.mp4", info_of(clip)), STEADY).finish()

    assert sound_packets(folder / "schön ü.mp4") == sound_packets(clip)


def test_pictures_from_a_folder_can_be_recorded(tmp_path):
    sink = VideoSink(tmp_path / "out.mp4", info_of(tmp_path, rate=None, tracks=False), whole=False)
    for index in range(3):
        sink.write(painted(scene(index, SIZE), index, 0))
    sink.finish()

    assert len(read_clip(tmp_path / "out.mp4").pictures) == 3


SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
SAMPLE_CLIPS = [
    "dog_person_720p_2997_aac.mp4",
    "people_chaplin_360p_25_mp3.mp4",
    "derived_dog_vfr_360p.mp4",
]


@pytest.mark.parametrize("name", SAMPLE_CLIPS)
def test_real_clips_keep_timestamps_sound_and_colours(tmp_path, name):
    clip = SAMPLES / name
    if not clip.exists():
        pytest.skip(f"../shared/samples/{name} is not here")
    sink = VideoSink(tmp_path / "out.mp4", info_of(clip), OutputOptions(crf=18))
    kept, times_s = {}, []
    with av.open(str(clip)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == 60:
                break
            picture = to_bgr(frame)
            kept[index] = picture
            times_s.append(frame.pts * frame.time_base)
            sink.write(painted(picture, index, frame.pts, frame.time_base))
    sink.finish()

    written = read_clip(tmp_path / "out.mp4")
    assert written.times_s == times_s
    assert written.sounds[0] == sound_packets(clip)
    for index in range(0, 60, 10):
        assert np.abs(written.pictures[index].astype(int) - kept[index]).mean() < 2


@pytest.mark.parametrize("size", [Size(64, 48), Size(1280, 720)])
def test_planes_that_nobody_painted_reach_a_lossless_file_bit_for_bit(tmp_path, size):
    width, height = size
    random = np.random.default_rng(0)
    y, u, v = (
        random.integers(16, 236, shape).astype(np.uint8)
        for shape in ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    )
    matrix = BT709 if width >= 1280 else BT601
    image = np.zeros((height, width, 3), np.uint8)
    sink = VideoSink(tmp_path / "out.mp4", info_of(), OutputOptions(crf=0))

    sink.write(replace(painted(image), pixels=Pixels(image=image, planes=Planes(y, u, v, matrix))))
    sink.finish()

    with av.open(str(tmp_path / "out.mp4")) as file:
        stored = next(file.decode(video=0)).to_ndarray()
    assert np.array_equal(stored, np.concatenate([y.ravel(), u.ravel(), v.ravel()]).reshape(stored.shape))


@pytest.mark.parametrize(("name", "codec"), [("out.webm", "vp9"), ("out.mov", "prores")])
def test_cut_outs_stay_transparent_in_webm_and_mov(tmp_path, name, codec):
    size = Size(320, 240)
    opacity = disc(size)
    sink = VideoSink(tmp_path / name, info_of())
    for index in range(4):
        sink.write(cut_out(scene(index, size), opacity, index))

    written = sink.finish()

    assert written == Written(tmp_path / name, 4)
    stream = read_clip(tmp_path / name).stream
    assert stream["codec"] == codec
    assert (stream["matrix"], stream["primaries"], stream["transfer"]) == (6, 1, 1)
    pictures = read_transparent(tmp_path / name)
    assert len(pictures) == 4
    for index, picture in enumerate(pictures):
        assert np.abs(picture[..., 3].astype(int) - opacity).max() <= 16
        assert (picture[..., 3][opacity == 255] >= 247).all()
        assert (picture[..., 3][opacity == 0] <= 8).all()
        seen = opacity == 255
        assert np.abs(picture[..., :3][seen].astype(int) - scene(index, size)[seen]).mean() < 4


def test_a_webm_says_that_it_is_transparent(tmp_path):
    sink = VideoSink(tmp_path / "out.webm", info_of())
    sink.write(cut_out(scene(0, SIZE), disc(SIZE)))
    sink.finish()

    with av.open(str(tmp_path / "out.webm")) as container:
        tags = {name.lower(): value for name, value in container.streams.video[0].metadata.items()}
    assert tags["alpha_mode"] == "1"


@pytest.mark.parametrize(
    ("name", "codec"), [("out.mp4", None), ("out.mkv", None), ("out.mov", "h264"), ("out.webm", "av1")]
)
def test_cut_outs_lie_on_a_checkerboard_elsewhere_and_a_line_says_so(tmp_path, caplog, name, codec):
    caplog.set_level("INFO")
    sink = VideoSink(tmp_path / name, info_of(), OutputOptions(codec=codec))
    for index in range(2):
        sink.write(cut_out(scene(index, SIZE), disc(SIZE), index))
    sink.finish()

    assert np.abs(read_clip(tmp_path / name).pictures[0].astype(int) - 204).max() < 8
    lines = [line for line in caplog.messages if "checkerboard" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"{name}: the cut-outs lie on a checkerboard")


def test_a_style_that_changes_midway_leaves_a_file_as_it_began(tmp_path):
    sink = VideoSink(tmp_path / "out.webm", info_of())
    sink.write(cut_out(scene(0, SIZE), disc(SIZE)))
    sink.write(painted(scene(1, SIZE), 1))
    sink.finish()
    opaque = VideoSink(tmp_path / "out.mp4", info_of())
    opaque.write(painted(scene(0, SIZE)))
    opaque.write(cut_out(scene(1, SIZE), disc(SIZE), 1))
    opaque.finish()

    before, after = read_transparent(tmp_path / "out.webm")
    assert before[0, 0, 3] < 3
    assert (after[..., 3] > 252).all()
    assert np.abs(read_clip(tmp_path / "out.mp4").pictures[1].astype(int) - 204).mean() < 8


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
@pytest.mark.parametrize("round_", range(3))
def test_a_single_picture_is_a_video_too(tmp_path, codec, round_):
    run_through(VideoSink(tmp_path / "out.mp4", info_of(), OutputOptions(codec=codec)), [1001]).finish()

    assert read_clip(tmp_path / "out.mp4").times_s == [1001 * TICK]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how each thread is scheduled")
@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
def test_no_encoder_takes_the_machine_for_itself(tmp_path, codec):
    usual = os.sched_getscheduler(0)
    sink = VideoSink(tmp_path / "out.mkv", info_of(), OutputOptions(codec=codec))
    for number in range(3):
        sink.write(painted(scene(number, Size(320, 180)), number))
    policies = set(of_each_thread(os.sched_getscheduler))
    sink.finish()

    assert policies == {usual}
