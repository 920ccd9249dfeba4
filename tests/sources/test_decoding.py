import itertools
import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deeplab_cv.errors import SourceError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.decoding import VideoDecoder
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import scene
from tests.sources.clips import SAMPLES, read_all, wipe_packet, write_frames, write_scenes

MILLISECOND = Fraction(1, 1000)
INDEX_FIRST = {"mp4": {"movflags": "faststart"}}


def stamps(path, start_pts=None, end_pts=None):
    """Timestamps of all frames, and the error after the last."""
    decoder = VideoDecoder(path)
    found, problem = [], None
    try:
        for pts, _ in decoder.frames(start_pts=start_pts, end_pts=end_pts):
            found.append(pts)
    except SourceError as error:
        problem = error
    finally:
        decoder.close()
    return found, problem


def checksums(path, start_pts=None, end_pts=None):
    """Timestamp and luma of every frame up to the first error."""
    decoder = VideoDecoder(path)
    found = {}
    try:
        for pts, frame in decoder.frames(start_pts=start_pts, end_pts=end_pts):
            found[pts] = bytes(frame.planes[0])
    except SourceError as error:
        return found, error
    finally:
        decoder.close()
    return found, None


def grey_frames(count):
    return [av.VideoFrame(32, 32, "yuvj420p") for _ in range(count)]


@pytest.mark.parametrize("pts", [[0, 1, 2, 3], [0, 40, 41, 500, 10_000], [500, 533, 567]], ids=str)
def test_timestamps_are_the_files_own(tmp_path, pts):
    clip = write_scenes(tmp_path / "c.mkv", len(pts), pts=pts, time_base=MILLISECOND)

    assert stamps(clip) == (pts, None)


def test_timestamps_below_zero_are_kept(tmp_path):
    clip = write_frames(
        tmp_path / "c.asf", grey_frames(4), "mjpeg", pts=[-3, -1, 1, 3], container_options={"avoid_negative_ts": "0"}
    )

    decoder = VideoDecoder(clip)
    times = [pts * decoder.time_base for pts, _ in decoder.frames()]
    decoder.close()

    assert times == [Fraction(number, 25) for number in (-3, -1, 1, 3)]


def test_frames_without_timestamps_follow_the_frame_rate(tmp_path):
    clip = write_scenes(tmp_path / "c.h264", 20)

    decoder = VideoDecoder(clip)
    times = [pts * decoder.time_base for pts, _ in decoder.frames()]
    decoder.close()

    assert times == [Fraction(number, 25) for number in range(20)]


def test_a_timestamp_that_comes_twice_moves_on_by_the_least_step(tmp_path):
    regular = write_frames(tmp_path / "regular.mkv", grey_frames(5), "mjpeg")
    clip = tmp_path / "c.mkv"
    with av.open(str(regular)) as source, av.open(str(clip), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet, pts in zip(packets, [0, 40, 40, 40, 200], strict=True):
            packet.pts = packet.dts = pts
            packet.stream = stream
            target.mux(packet)

    assert stamps(clip)[0] == [0, 40, 41, 42, 200]


def test_two_recordings_joined_go_on_at_their_frame_rate(tmp_path):
    parts = [write_scenes(tmp_path / f"{first}.ts", 10, pts=range(first, first + 10)) for first in (250, 0)]
    clip = tmp_path / "both.ts"
    clip.write_bytes(b"".join(part.read_bytes() for part in parts))

    found, _ = stamps(clip)

    assert len(found) == 20
    assert set(np.diff(found)) == {90_000 // 25}


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "avi", "h264", "mpg", "webm"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.5), (0.52, 0.9), (0.4, 5.0), (1.16, 1.2)])
def test_a_cut_gives_exactly_the_frames_within(tmp_path, ending, start, end):
    codec = {"avi": "mpeg4", "mpg": "mpeg2video", "webm": "libvpx-vp9"}.get(ending, "libx264")
    clip = write_scenes(tmp_path / f"c.{ending}", 30, codec=codec, codec_options={"g": "8"})
    decoder = VideoDecoder(clip)
    first, time_base = decoder.first_pts, decoder.time_base
    decoder.close()
    start_pts, end_pts = (first + math.ceil(Fraction(time).limit_denominator() / time_base) for time in (start, end))
    whole, _ = checksums(clip)

    cut, problem = checksums(clip, start_pts, end_pts)

    assert problem is None
    assert cut == {pts: luma for pts, luma in whole.items() if start_pts <= pts < end_pts}
    assert cut


def test_a_cut_among_open_groups_of_pictures_gives_exactly_the_frames_within(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4", 60, codec_options={"g": "6", "bf": "3", "x264-params": "open-gop=1"})
    whole, _ = checksums(clip)
    times = sorted(whole)

    for start in range(5, 50, 4):
        cut, _ = checksums(clip, times[start], times[start + 6])
        assert cut == {pts: whole[pts] for pts in times[start : start + 6]}


def test_what_cannot_be_decoded_is_passed_over_and_told_at_the_end(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4", 30, codec_options={"bf": "0", "g": "10"})
    whole, _ = stamps(clip)
    wipe_packet(clip, 15)

    found, problem = stamps(clip)

    assert found == whole[:15] + whole[16:]
    assert "damaged or cut off at 0." in str(problem)
    assert str(clip) in str(problem)


def test_a_first_key_frame_that_cannot_be_decoded_is_told(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4", 30)
    wipe_packet(clip, 0)

    found, problem = stamps(clip)

    assert len(found) <= 20
    assert "damaged or cut off at 0.00 s" in str(problem)


@settings(max_examples=25)
@given(part=st.floats(0.02, 0.999), ending=st.sampled_from(["mp4", "mkv"]))
def test_a_file_cut_off_anywhere_gives_the_frames_before_and_an_error(tmp_path_factory, part, ending):
    folder = tmp_path_factory.mktemp("cut")
    whole = write_scenes(folder / f"whole.{ending}", 30, container_options=INDEX_FIRST.get(ending))
    full, no_problem = checksums(whole)
    data = whole.read_bytes()
    if ending == "mkv":  # what follows the last cluster is an index, which nobody misses
        data = data[: data.index(b"\x1c\x53\xbb\x6b")]
    cut = folder / f"cut.{ending}"
    cut.write_bytes(data[: int(len(data) * part)])

    try:
        found, problem = checksums(cut)
    except SourceError as error:
        found, problem = {}, error

    assert no_problem is None
    assert problem is not None
    assert found.items() <= full.items()
    sure = max(0, len(found) - 2)  # the last frame may have been stored before those it is shown after
    assert list(found)[:sure] == list(full)[:sure]


def test_a_fragmented_file_cut_off_gives_all_frames_before(tmp_path):
    clip = write_scenes(
        tmp_path / "c.mp4", 40, container_options={"movflags": "frag_keyframe+empty_moov"}, codec_options={"g": "20"}
    )
    whole, _ = stamps(clip)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 3 // 4])

    found, problem = stamps(clip)

    assert found == whole[: len(found)]
    assert len(found) > 20
    assert problem is not None


def test_a_recording_that_begins_and_ends_between_key_frames_is_no_error(tmp_path):
    clip = write_scenes(tmp_path / "c.ts", 40, codec_options={"g": "10", "bf": "0"})
    data = clip.read_bytes()
    packets = len(data) // 188
    clip.write_bytes(data[188 * (packets // 5) : 188 * (packets * 4 // 5)])

    found, problem = stamps(clip)

    assert 10 < len(found) < 40
    assert problem is None


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_a_last_frame_that_stands_long_is_not_taken_for_a_file_cut_off(tmp_path, ending):
    pts = [0, 1, 2, 3, 40]
    clip = write_scenes(
        tmp_path / f"c.{ending}", 5, pts=pts, codec="mpeg4" if ending == "avi" else "libx264", codec_options={"bf": "0"}
    )

    found, problem = stamps(clip)

    assert len(found) == 5
    assert problem is None


def test_every_sample_is_whole_and_has_the_frames_its_container_counts():
    clips = sorted(SAMPLES.glob("*.m*"))
    if not clips:
        pytest.skip("needs ../shared/samples")

    for clip in clips:
        decoder = VideoDecoder(clip)
        times = [pts for pts, _ in decoder.frames()]
        with av.open(str(clip)) as container:
            told = sorted(packet.pts for packet in container.demux(video=0) if packet.pts is not None)
        decoder.close()
        assert times == told, clip.name


def test_a_file_without_index_is_an_error_that_says_so(tmp_path):
    clip = write_scenes(tmp_path / "c.mp4")
    clip.write_bytes(clip.read_bytes()[:1500])

    with pytest.raises(SourceError, match=r"cut off before its index \(moov\): .*c\.mp4; "):
        VideoDecoder(clip)


def _text(path: Path) -> None:
    path.write_text("These are no moving pictures.\n" * 20)


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _unknown_codec(path: Path) -> None:
    write_scenes(path, 3)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "this is a folder"),
        (lambda path: path.touch(), "the file is empty"),
        (_text, "this is not a video file"),
        (_sound_only, "no moving pictures"),
        (_unknown_codec, "no decoder"),
    ],
    ids=["missing", "folder", "empty", "text", "sound", "codec"],
)
def test_what_is_no_video_is_one_line_and_nothing_on_the_terminal(tmp_path, capfd, make, problem):
    path = tmp_path / "in.mp4"
    make(path)

    with pytest.raises(SourceError, match=problem) as caught:
        VideoDecoder(path)

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_decoding_damage_writes_nothing_on_the_terminal(tmp_path, capfd):
    clip = write_scenes(tmp_path / "c.mp4")
    wipe_packet(clip, 12)

    stamps(clip)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["Schäfchen 羊 é.mp4", 'a\'b "c" %03d [1].mp4', "file:10:30.mp4"])
def test_any_file_name_can_be_read(tmp_path, name):
    try:
        clip = (tmp_path / name).with_name(name)
        plain = write_scenes(tmp_path / "plain.mp4", 3)
        plain.rename(clip)
    except OSError:
        pytest.skip("this system does not allow such a name")

    assert len(stamps(clip)[0]) == 3


def test_a_relative_name_with_a_colon_can_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        write_scenes(tmp_path / "plain.mp4", 3).rename("10:30.mp4")
    except OSError:
        pytest.skip("this system does not allow such a name")

    assert len(stamps(Path("10:30.mp4"))[0]) == 3


def test_an_animated_webp_is_named_for_what_it_is(tmp_path):
    path = tmp_path / "moving.webp"
    pictures = [Image.new("RGB", (32, 16), (80 * number, 0, 0)) for number in range(3)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])

    with pytest.raises(SourceError, match=r"^FFmpeg cannot decode animated WebP: .*; .* --image reads"):
        VideoDecoder(path)


def test_recordings_shorter_than_a_second_that_were_joined_go_on_one_after_the_other(tmp_path):
    one = write_scenes(tmp_path / "one.ts", 12)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() * 2)

    found, problem = stamps(joined)

    assert problem is None
    assert {after - before for before, after in itertools.pairwise(found)} == {90000 // 25}


def two_tracks(path, *, unknown):
    """Three pictures in MPEG-2 and five in MPEG-4, the tracks of these numbers in a codec that nobody knows."""
    names = (b"V_MPEG2", b"V_MPEG4/ISO/ASP")
    with av.open(str(path), "w") as container:
        tracks = [container.add_stream(codec, rate=25) for codec in ("mpeg2video", "mpeg4")]
        for track in tracks:
            track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for track, count in zip(tracks, (3, 5), strict=True):
            for number in range(count):
                frame = av.VideoFrame.from_ndarray(scene(number, Size(64, 48)), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    data = path.read_bytes()
    for number in unknown:
        assert data.count(names[number]) == 1
        data = data.replace(names[number], b"V_NOBODY/KNOWS/"[: len(names[number])])
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("unknown", "count"), [([0], 5), ([1], 3)])
def test_a_track_of_an_unknown_codec_is_passed_over_for_the_other_one(tmp_path, caplog, unknown, count):
    clip = two_tracks(tmp_path / "two.mkv", unknown=unknown)

    frames = read_all(VideoSource(clip))

    assert len(frames) == count
    assert caplog.messages == ["two.mkv: pictures of an unknown codec are passed over for its other ones"]


def test_tracks_of_unknown_codecs_alone_are_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"^there is no decoder for this video: .*two\.mkv; convert it"):
        VideoDecoder(two_tracks(tmp_path / "two.mkv", unknown=[0, 1]))


def test_the_shared_animated_webp_is_named_for_what_it_is():
    case = SAMPLES.parent / "cases" / "animated.webp"
    if not case.is_file():
        pytest.skip("the shared cases are not here")

    with pytest.raises(SourceError, match="FFmpeg cannot decode animated WebP"):
        VideoDecoder(case)
