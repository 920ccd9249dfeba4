import http.server

import pytest

from deeplab_cv.errors import SourceError, UserError
from deeplab_cv.sources.connection import StalledError, StubbornError
from tests.sources.servers import answering, free_udp_port, open_once, web_server


def test_a_page_that_is_no_picture_cannot_be_opened():
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + b"<p>Hello</p>\n" * 3000

    with (
        answering(page, page, hangs_up=True) as address,
        pytest.raises(SourceError, match=r"^the stream cannot be opened .*: http://"),
    ):
        open_once(f"http://{address}/")


def test_an_sdp_file_that_is_missing_is_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"^no such file: .*none.sdp"):
        open_once(str(tmp_path / "none.sdp"))


def test_rtp_without_its_sdp_file_is_answered_with_what_is_missing():

    with pytest.raises(SourceError, match=r"^.*: rtp://127.0.0.1:\d+; RTP does not say .* SDP file"):
        open_once(f"rtp://127.0.0.1:{free_udp_port()}", open_s=0.5)


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
            open_once(named)


@pytest.mark.parametrize("scheme", ["tcp", "http", "rtmp", "rtsp"])
def test_a_server_that_says_nothing_is_one_line_that_names_the_url(scheme):
    with answering() as address, pytest.raises(StalledError, match=r"^nobody answers within 1 s: ") as refused:
        open_once(f"{scheme}://{address}/a", open_s=1.0, stall_s=1.0)

    assert f": {scheme}://{address}/a; " in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("tcp://127.0.0.1:1", r"the stream cannot be opened \(connection refused\)"),
        ("nonsense://host", "nobody here speaks this protocol"),
    ],
)
def test_an_address_where_nobody_is_is_one_line(url, said):
    with pytest.raises(SourceError, match=f"^{said}: {url}; "):
        open_once(url)


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
        open_once(url)

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

    with web_server(Page) as address, pytest.raises(SourceError, match="if this is a web page: yt-dlp"):
        open_once(f"{address}/watch")


@pytest.mark.parametrize(("status", "scheme"), [(b"401 Unauthorized", "http"), (b"403 Forbidden", "http")])
def test_a_wrong_password_is_told_from_a_server_that_is_gone(status, scheme):
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"

    with answering(answer, hangs_up=True) as address, pytest.raises(StubbornError, match="lets nobody in") as refused:
        open_once(f"{scheme}://me:secret@{address}/1")

    assert "secret" not in str(refused.value)
    assert refused.value.remedy.startswith(f"write {scheme}://USER:PASSWORD@HOST/PATH; ")
