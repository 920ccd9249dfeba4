import http.server
import itertools
import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from deeplab_cv.bench.instruments.serving import served
from deeplab_cv.cli import main
from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.connection import Clock, Limits, StalledError
from deeplab_cv.sources.naming import kind_of
from deeplab_cv.sources.opening import open_source
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.url import StreamPlan, open_stream
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import scene
from tests.sources.clips import read_all, write_scenes
from tests.sources.servers import answering, free_udp_port, open_once, web_server
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S


@pytest.fixture
def clip(tmp_path):
    """Three seconds of moving pictures."""
    return write_scenes(tmp_path / "clip.mp4", 75)


def jpegs(count):
    """JPEGs of moving pictures."""
    return [cv2.imencode(".jpg", scene(number, Size(320, 180)))[1].tobytes() for number in range(count)]


def camera_page(pictures, wrong_by=0, first_boundary=True):
    """What an HTTP camera answers: JPEGs in multipart, each with its length or a wrong one."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=frame\r\nConnection: close\r\n\r\n"
    for number, picture in enumerate(pictures):
        if number or first_boundary:
            yield b"--frame\r\n"
        length = len(picture) + wrong_by
        yield b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (length, picture)


@contextmanager
def serving_everyone(parts, forever=()):
    """A server that sends all parts to each client that comes, then `forever` again and again until it goes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(client):
            with client, suppress(OSError):
                for part in itertools.chain(parts, itertools.cycle(forever)):
                    client.sendall(part)
                    time.sleep(0.002)

        def accept():
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=[listener.accept()[0]], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def with_long_sound(clip, path):
    """MPEG-TS with the clip's pictures and sound that goes on for long after them."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        copy, sound = out.add_stream_from_template(source.streams.video[0]), out.add_stream("mp2", rate=48000)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 48000 * 60), np.int16), format="s16", layout="stereo")
        tone.sample_rate, tone.time_base, tone.pts = 48000, Fraction(1, 48000), 0
        out.mux(sound.encode(tone))
        out.mux(sound.encode(None))
    return path.read_bytes()


def transport_stream(clip, tmp_path):
    """The clip's own packets in MPEG-TS."""
    path = tmp_path / "clip.ts"
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    return path.read_bytes()


def test_frames_come_as_they_were_sent_with_the_time_of_their_arrival(clip):
    pictures = [frame.image for frame in read_all(VideoSource(clip))]

    with served(clip, seconds=HANGS_S) as url, open_once(url) as source:
        frames = [source.read() for _ in range(12)]

    assert source.info.live
    assert source.info.size == Size(64, 48)
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[0].pts == 0
    assert (np.diff([frame.pts for frame in frames]) > 0).all()
    places = [[np.array_equal(frame.image, picture) for picture in pictures].index(True) for frame in frames]
    assert places == list(range(places[0], places[0] + 12))


class CountingClock(Clock):
    """A clock that goes on by a sixty-fourth of a second each time it is looked at, whatever the machine is doing."""

    def __init__(self):
        self._looks = itertools.count(step=1 / 64)

    def now(self):
        return next(self._looks)


def test_a_stream_is_read_for_as_long_as_end_says(clip):
    with served(clip, seconds=HANGS_S) as url:
        frames = read_all(open_once(url, end=1.0, clock=CountingClock()))

    times = [float(frame.time_s) for frame in frames]
    assert times[0] == 0
    assert 0.5 < times[-1] < 1.0


def test_a_server_that_is_killed_midway_is_an_error_once_its_frames_are_read(clip):
    with ExitStack() as server:
        url = server.enter_context(served(clip, seconds=HANGS_S))
        with open_once(url) as source:
            assert source.read() is not None
            server.close()

            with pytest.raises(
                SourceError, match=f"^the stream broke off .*: {url}; see whether its server still runs"
            ):
                while source.read() is not None:
                    pass


def test_a_server_that_falls_silent_is_an_error(clip, tmp_path):
    sent = transport_stream(clip, tmp_path)

    with (
        answering(sent[: len(sent) // 2]) as address,
        open_once(f"tcp://{address}", stall_s=3.0) as source,
        pytest.raises(StalledError, match="the stream sends nothing for 3 s"),
    ):
        while source.read() is not None:
            pass


def test_a_read_that_waits_gives_none_once_the_stream_is_closed(clip, tmp_path):
    got = []
    with answering(transport_stream(clip, tmp_path)[:20000]) as address:
        source = open_once(f"tcp://{address}", stall_s=2.0)
        reader = threading.Thread(target=lambda: got.extend(iter(source.read, None)))
        reader.start()
        source.close()
        reader.join(HANGS_S)

    assert not reader.is_alive()
    assert source.read() is None


def test_a_stream_whose_pictures_stop_while_its_sound_goes_on_is_an_error(clip, tmp_path):
    sent = with_long_sound(clip, tmp_path / "sound.ts")
    parts = [sent[at : at + 1880] for at in range(0, len(sent), 1880)]

    with (
        serving_everyone(parts, forever=parts[-50:]) as address,
        open_once(f"tcp://{address}", stall_s=1.0) as source,
        pytest.raises(StalledError, match="the stream sends no picture that can be decoded for 1 s"),
    ):
        while source.read() is not None:
            pass


@pytest.mark.parametrize(
    "faults",
    [{"first_boundary": False}, {"wrong_by": 5}, {"wrong_by": -700}, {}],
    ids=["no boundary before the first", "lengths too long", "lengths too short", "none"],
)
def test_the_pictures_of_a_camera_with_sloppy_multipart_are_read(faults):
    pictures = jpegs(40)

    with (
        serving_everyone(list(camera_page(pictures, **faults))) as address,
        open_once(f"http://{address}/") as source,
    ):
        frames = [source.read() for _ in range(5)]

    assert source.info.size == Size(320, 180)
    shown = [cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) for picture in pictures]
    differences = [min(cv2.absdiff(frame.image, picture).mean() for picture in shown) for frame in frames]
    assert max(differences) < 4


def test_an_sdp_file_opens_the_stream_it_describes(tmp_path):
    port = free_udp_port()
    sdp = tmp_path / "camera.sdp"
    sdp.write_text(
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=Camera\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\n"
    )
    done = threading.Event()

    def send():
        with av.open(f"rtp://127.0.0.1:{port}", "w", format="rtp") as out:
            stream = out.add_stream("libx264", rate=25, options={"g": "5", "tune": "zerolatency"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in itertools.takewhile(lambda _: not done.is_set(), itertools.count()):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(scene(number % 25, Size(64, 48)), format="bgr24")))
                done.wait(0.02)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert kind_of(str(sdp)) == "stream"
        with open_source(str(sdp), SourceOptions()) as source:
            frames = [source.read() for _ in range(3)]
    finally:
        done.set()
        sender.join()

    assert [frame.size for frame in frames] == [(64, 48)] * 3


@contextmanager
def web_files(folder, *, ranges=True):
    """An HTTP server of a folder's files; the requests that came."""
    requests = []

    class Files(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            requests.append(self.path)
            data = (folder / self.path.lstrip("/")).read_bytes()
            asked = self.headers.get("Range") if ranges else None
            first = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(data) - first))
            self.send_header("Connection", "close")
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
                self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(data[first:])
            self.close_connection = True

        def log_message(self, *_):
            pass

    with web_server(Files) as address:
        yield address, requests


def test_a_file_behind_a_url_is_a_file_of_which_every_frame_comes(clip):
    wanted = read_all(VideoSource(clip))

    with web_files(clip.parent) as (url, _):
        source = open_once(f"{url}/{clip.name}")
        frames = read_all(source)

    assert not source.info.live
    assert source.info.frame_count == len(wanted)
    assert source.info.name == f"{url}/{clip.name}"
    assert [frame.pts for frame in frames] == [frame.pts for frame in wanted]
    assert all(np.array_equal(frame.image, other.image) for frame, other in zip(frames, wanted, strict=True))


def test_a_part_of_a_file_behind_a_url_is_cut_as_that_of_another_file(clip):
    wanted = read_all(VideoSource(clip, start=1.0, end=2.0))

    with web_files(clip.parent) as (url, _):
        frames = read_all(open_once(f"{url}/{clip.name}", start=1.0, end=2.0))

    assert [frame.pts for frame in frames] == [frame.pts for frame in wanted]


def test_a_file_uri_is_the_file(clip):
    assert len(read_all(open_once(clip.absolute().as_uri()))) == len(read_all(VideoSource(clip)))


def test_a_live_stream_has_no_start(clip):
    with served(clip, seconds=HANGS_S) as url, pytest.raises(UsageError, match="not go with a live stream: --start 2"):
        open_once(url, start=2.0)


def test_one_connection_serves_for_looking_and_reading(clip, tmp_path):
    sent = transport_stream(clip, tmp_path)
    with answering(sent) as address, open_once(f"tcp://{address}") as source:
        assert source.read() is not None


def test_the_program_records_a_stream_for_a_while(clip, tmp_path):
    words = ["--model", str(tiny_network(tmp_path)), "--backend", "opencv:cpu", "--headless"]
    with served(clip, seconds=HANGS_S) as url:
        code = main([*words, "--video", url, "--end", "0.5", "--out", str(tmp_path / "out.mp4")])

    assert code == 0
    frames = read_all(VideoSource(tmp_path / "out.mp4"))
    assert frames
    assert frames[0].time_s == 0


def test_the_program_keeps_what_came_before_a_server_died(clip, tmp_path, capsys):
    words = ["--model", str(tiny_network(tmp_path)), "--backend", "opencv:cpu", "--headless"]
    with served(clip, seconds=2) as url:
        code = main([*words, "--video", url, "--retry", "0", "--out", str(tmp_path / "out.mp4")])

    assert code == 1
    assert re.search(r"^error: the stream broke off .*tcp://", capsys.readouterr().err, re.MULTILINE)
    assert not (tmp_path / "out.mp4").exists()
    assert read_all(VideoSource(tmp_path / "out.partial.mp4"))


def test_a_camera_s_own_pictures_in_a_new_size_are_taken():
    small = [cv2.imencode(".jpg", scene(number, Size(64, 48)))[1].tobytes() for number in range(20)]
    pictures = list(camera_page(jpegs(20) + small))

    with serving_everyone(pictures) as address, open_once(f"http://{address}/") as source:
        sizes = [source.read().size for _ in range(35)]

    assert sizes[0] == Size(320, 180)
    assert sizes[-1] == Size(64, 48)


class Playlist:
    """An HLS list of a clip's pieces that grows with each request, and ends or does not."""

    def __init__(self, folder, clip, *, ends):
        self.folder, self.ends = folder, ends
        options = {"hls_time": "0.5", "hls_list_size": "0", "hls_segment_filename": str(folder / "piece%d.ts")}
        with av.open(str(clip)) as source, av.open(str(folder / "all.m3u8"), "w", "hls", options=options) as out:
            stream = out.add_stream("libx264", rate=25, options={"g": "12", "bf": "0"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for frame in source.decode(video=0):
                out.mux(stream.encode(frame.reformat(64, 48, "yuv420p")))
            out.mux(stream.encode(None))
        self.pieces = [line for line in (folder / "all.m3u8").read_text().splitlines() if line.endswith(".ts")]
        self.asked = 0

    def text(self):
        self.asked += 1
        known = min(len(self.pieces), 3 + self.asked)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", "#EXT-X-MEDIA-SEQUENCE:0"]
        lines += [line for piece in self.pieces[:known] for line in ("#EXTINF:0.48,", piece)]
        return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if self.ends and known == len(self.pieces) else [])]) + "\n"


@contextmanager
def playlist_served(playlist):
    class Pieces(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            piece = self.path.lstrip("/")
            data = playlist.text().encode() if piece == "live.m3u8" else (playlist.folder / piece).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(data)

        def log_message(self, *_):
            pass

    with web_server(Pieces) as address:
        yield f"{address}/live.m3u8"


def test_a_list_of_pieces_that_ends_ends_the_stream_and_its_pictures_come_at_their_own_pace(clip, tmp_path):
    with playlist_served(Playlist(tmp_path, clip, ends=True)) as url:
        frames = read_all(open_stream(url, StreamPlan(limits=Limits(open_s=HANGS_S, first_s=HANGS_S, stall_s=HANGS_S))))

    # From the third last piece on, as every player begins.
    assert len(frames) > 30
    assert float(frames[-1].time_s) >= 0.9 * (len(frames) - 1) / 25


def test_a_list_of_pieces_that_is_never_continued_is_lost(clip, tmp_path):
    with (
        playlist_served(Playlist(tmp_path, clip, ends=False)) as url,
        open_once(url, stall_s=1.0) as source,
        pytest.raises(SourceError, match=r"the stream (broke off|sends n)"),
    ):
        while source.read() is not None:
            pass
