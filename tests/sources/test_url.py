import http.server
import itertools
import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from deeplab_cv.bench.instruments.serving import served
from deeplab_cv.cli import main
from deeplab_cv.errors import SourceError, UserError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources import live
from deeplab_cv.sources import url as stream
from deeplab_cv.sources.naming import kind_of
from deeplab_cv.sources.opening import open_source
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.url import StreamSource
from deeplab_cv.sources.video import VideoSource
from tests.sinks.clips import scene
from tests.sources.clips import read_all, write_scenes
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S


@pytest.fixture
def clip(tmp_path):
    """Three seconds of moving pictures."""
    return write_scenes(tmp_path / "clip.mp4", 75)


@contextmanager
def answering(*parts, hangs_up=False):
    """A server that sends the parts to whoever comes, and then nothing, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:

        def answer():
            client = stack.enter_context(listener.accept()[0])
            for part in parts:
                client.sendall(part)
            if hangs_up:
                client.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


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

    with served(clip, seconds=HANGS_S) as url, StreamSource(url) as source:
        frames = [source.read() for _ in range(12)]

    assert source.info.live
    assert source.info.size == Size(64, 48)
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[0].pts == 0
    assert (np.diff([frame.pts for frame in frames]) > 0).all()
    places = [[np.array_equal(frame.image, picture) for picture in pictures].index(True) for frame in frames]
    assert places == list(range(places[0], places[0] + 12))


def test_a_stream_is_read_for_as_long_as_end_says(clip, monkeypatch):
    # Frames come a sixteenth of a second apart by this clock, whatever the machine is doing.
    monkeypatch.setattr(stream, "time", SimpleNamespace(monotonic=itertools.count(step=0.0625).__next__))

    with served(clip, seconds=HANGS_S) as url:
        frames = read_all(StreamSource(url, end=0.5))

    assert [float(frame.time_s) for frame in frames] == [number / 16 for number in range(8)]


def test_a_server_that_is_killed_midway_is_an_error_once_its_frames_are_read(clip):
    with ExitStack() as server:
        url = server.enter_context(served(clip, seconds=HANGS_S))
        with StreamSource(url) as source:
            assert source.read() is not None
            server.close()

            with pytest.raises(
                SourceError, match=f"^the stream broke off .*: {url}; see whether its server still runs"
            ):
                while source.read() is not None:
                    pass


def test_a_server_that_falls_silent_is_an_error(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "SILENCE_S", 3.0)
    sent = transport_stream(clip, tmp_path)

    with (
        answering(sent[: len(sent) // 2]) as address,
        StreamSource(f"tcp://{address}") as source,
        pytest.raises(SourceError, match="the stream sends nothing for 3 s"),
    ):
        while source.read() is not None:
            pass


def test_a_read_that_waits_gives_none_once_the_stream_is_closed(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "SILENCE_S", 2.0)
    got = []
    with answering(transport_stream(clip, tmp_path)[:20000]) as address:
        source = StreamSource(f"tcp://{address}")
        reader = threading.Thread(target=lambda: got.extend(iter(source.read, None)))
        reader.start()
        source.close()
        reader.join(HANGS_S)

    assert not reader.is_alive()
    assert source.read() is None


def test_a_stream_whose_pictures_stop_while_its_sound_goes_on_is_an_error(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "SILENCE_S", 1.0)
    sent = with_long_sound(clip, tmp_path / "sound.ts")
    parts = [sent[at : at + 1880] for at in range(0, len(sent), 1880)]

    with (
        serving_everyone(parts, forever=parts[-50:]) as address,
        StreamSource(f"tcp://{address}") as source,
        pytest.raises(SourceError, match="the stream sends no picture that can be decoded for 1 s"),
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
        StreamSource(f"http://{address}/") as source,
    ):
        frames = [source.read() for _ in range(5)]

    assert source.info.size == Size(320, 180)
    shown = [cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) for picture in pictures]
    differences = [min(cv2.absdiff(frame.image, picture).mean() for picture in shown) for frame in frames]
    assert max(differences) < 4


def test_a_page_that_is_no_picture_cannot_be_opened():
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + b"<p>Hello</p>\n" * 3000

    with (
        answering(page, page, hangs_up=True) as address,
        pytest.raises(SourceError, match=r"^the stream cannot be opened .*: http://"),
    ):
        StreamSource(f"http://{address}/")


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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


def test_an_sdp_file_that_is_missing_is_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"^no such file: .*none.sdp"):
        StreamSource(str(tmp_path / "none.sdp"))


def test_rtp_without_its_sdp_file_is_answered_with_what_is_missing(monkeypatch):
    monkeypatch.setattr(stream, "_OPEN_S", 0.5)

    with pytest.raises(SourceError, match=r"^.*: rtp://127.0.0.1:\d+; RTP does not say .* SDP file"):
        StreamSource(f"rtp://127.0.0.1:{free_udp_port()}")


@pytest.mark.parametrize(
    ("parts", "url", "said"),
    [
        ([b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], "http://{}/a", "the stream cannot be opened .*404"),
        ([b"hello, here is no video\n" * 4000], "tcp://{}", "the stream cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_one_line_that_names_the_url(parts, url, said):
    with answering(*parts, hangs_up=True) as address:
        named = url.format(address)
        with pytest.raises(SourceError, match=f"^{said}.*: {named}; .+$"):
            StreamSource(named)


def test_a_server_that_says_nothing_is_one_line_that_names_the_url(monkeypatch):
    monkeypatch.setattr(stream, "_OPEN_S", 1.0)
    monkeypatch.setattr(live, "SILENCE_S", 1.0)

    with answering() as address, pytest.raises(SourceError, match=f"^nobody answers within 1 s: tcp://{address}; "):
        StreamSource(f"tcp://{address}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("tcp://127.0.0.1:1", r"the stream cannot be opened \(connection refused\)"),
        ("nonsense://host", "nobody here speaks this protocol"),
    ],
)
def test_an_address_where_nobody_is_is_one_line(url, said):
    with pytest.raises(SourceError, match=f"^{said}: {url}; "):
        StreamSource(url)


def test_a_file_behind_a_url_is_not_taken_for_a_live_stream(clip):
    with pytest.raises(SourceError, match=r"this is a file and not a live stream: .*; download it"):
        StreamSource(clip.absolute().as_uri())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("rtsp://me:se/cret@host/1", "the host cannot be told from the password: rtsp://host/1; .* %2F %23 %3F %40"),
        ("rtsp:me:secret@host/1", "this is no whole URL: rtsp:host/1; write rtsp://HOST/PATH"),
        ("http:/host/1?token=secret", r"this is no whole URL: http:/host/1\?...; write http://HOST/PATH"),
        ("https://www.youtube.com/watch?v=secret", r"the page of a video site is no stream: .*\?...; yt-dlp downloads"),
        ("https://youtu.be/dQw4", "the page of a video site is no stream: https://youtu.be/dQw4; yt-dlp downloads"),
        ("rtsp://me:1/secret@127.0.0.1:1/1", r"the stream cannot be opened .*: rtsp://127.0.0.1:1/1; .* %2F"),
    ],
)
def test_a_url_that_cannot_be_meant_is_one_line_without_its_secret(url, said):
    with pytest.raises(UserError, match=f"^{said}") as refused:
        StreamSource(url)

    assert "secret" not in str(refused.value)


def test_a_web_page_is_answered_with_how_its_video_is_had():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            page = b"<html><p>a page</p></html>" * 500
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            with pytest.raises(SourceError, match="if this is a web page: yt-dlp"):
                StreamSource(f"http://127.0.0.1:{server.server_port}/watch")
        finally:
            server.shutdown()
            serving.join()


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
        code = main([*words, "--video", url, "--out", str(tmp_path / "out.mp4")])

    assert code == 1
    assert re.search(r"^error: the stream broke off .*tcp://", capsys.readouterr().err, re.MULTILINE)
    assert not (tmp_path / "out.mp4").exists()
    assert read_all(VideoSource(tmp_path / "out.partial.mp4"))
