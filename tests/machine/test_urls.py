import pytest

from deeplab_cv.machine.urls import hide_secrets, is_cut_by_its_password, is_url, lost_slashes, without_secrets


@pytest.mark.parametrize(
    ("text", "url"),
    [("rtsp://host/1", True), ("HTTP://host", True), ("C:\\clip.mp4", False), ("a://", True), ("clip.mp4", False)],
)
def test_a_url_is_known_by_its_scheme(text, url):
    assert is_url(text) is url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:secret@host:554/live", "rtsp://host:554/live"),
        ("rtsp://me:secret@host:554/live?a=1", "rtsp://host:554/live?..."),
        ("rtsp://me@host/1", "rtsp://host/1"),
        ("rtsp://me:se/cret@host/1", "rtsp://host/1"),
        ("rtsp://me:se#cret@host/1", "rtsp://host/1"),
        ("rtsp://me:se?cret@host/1", "rtsp://host/1"),
        ("rtsp://me:se@cret@host/1", "rtsp://host/1"),
        ("rtsp://me:se@c?ret@host/1", "rtsp://host/1"),
        ("rtsp://me:12/34@host/1", "rtsp://host/1"),
        ("rtsp://me:se]cret@[::1]:80/1", "rtsp://[::1]:80/1"),
        ("https://to/ken@host/1", "https://host/1"),
        ("http://host/1#secret", "http://host/1#..."),
        ("http://host?token=secret", "http://host?..."),
        ("http://host:80/1?token=sec@ret", "http://host:80/1?..."),
        ("srt://host:9000?passphrase=secret&mode=caller", "srt://host:9000?..."),
        ("rtsp://host/user=me_password=secret_channel=1.sdp?real", "rtsp://host/...?..."),
        ("https://site.com/@channel/live", "https://site.com/@channel/live"),
        ("rtmp://host/live2/abcd-efgh", "rtmp://host/live2/..."),
        ("RTMPS://me:word@host:443/app/instance/abcd?x=1", "RTMPS://host:443/app/...?..."),
        ("rtmp://host/live2/", "rtmp://host/live2/"),
        ("rtmp://host/live2", "rtmp://host/live2"),
        ("file:///tmp/a@b/clip.mp4", "file:///tmp/a@b/clip.mp4"),
    ],
)
def test_a_url_is_shown_without_what_is_secret_in_it(url, shown):
    assert without_secrets(url) == shown


@pytest.mark.parametrize("url", ["rtsp://me:se?c=ret@host/1", "rtsp://me:secret@host/1?token=sec@ret"])
def test_of_a_url_that_can_be_read_in_two_ways_the_scheme_is_shown(url):
    assert without_secrets(url) == "rtsp://..."


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("no such file: rtsp:me:secret@host/1; check", "no such file: rtsp:host/1; check"),
        ("no such file: http:/me:secret@host/1; check", "no such file: http:/host/1; check"),
        ("no such file: http:/host/1?token=secret; check", "no such file: http:/host/1?...; check"),
        ("[Errno 2] No: 'rtsp://me:my secret@host/1'", "[Errno 2] No: 'rtsp://host/1'"),
        ("a: rtsp://me:secret@a/1, RTSP://me:secret@b", "a: rtsp://a/1, RTSP://b"),
        ("rtmp://host/live/... takes the stream", "rtmp://host/live/... takes the stream"),
        ("to rtmp://host/live/abcd-efgh, trying", "to rtmp://host/live/..., trying"),
        ("unknown class: a@b; did you mean cat?", "unknown class: a@b; did you mean cat?"),
        ("see https://host/file.pth; mail me@host", "see https://host/file.pth; mail me@host"),
        ("refused: tcp://127.0.0.1:80; 3@4", "refused: tcp://127.0.0.1:80; 3@4"),
    ],
)
def test_a_line_is_shown_without_the_secrets_of_its_urls(line, shown):
    assert hide_secrets(line) == shown


@pytest.mark.parametrize(
    ("text", "lost"),
    [("rtsp:me:word@host", True), ("http:/host/1", True), ("rtsp://host", False), ("C:/a", False), ("a.srt", False)],
)
def test_a_url_that_lost_its_slashes_is_known(text, lost):
    assert lost_slashes(text) is lost


@pytest.mark.parametrize(
    ("url", "cut"),
    [
        ("rtsp://me:se/cret@host/1", True),
        ("rtsp://me:se#cret@host/1", True),
        ("rtsp://me:1?a@host/1", False),
        ("rtsp://me:secret@host/1", False),
        ("rtsp://me:%2Fsecret@host/1", False),
        ("http://host:8080/@me/1", False),
        ("https://site.com/@me/live", False),
    ],
)
def test_a_password_that_ends_before_its_host_is_found(url, cut):
    assert is_cut_by_its_password(url) is cut


@pytest.mark.parametrize(
    "url",
    [
        "mycam:127.0.0.1:1/ch/1?token=s3cret",
        "mycam:/127.0.0.1#s3cret=1",
        "mycam:me:s3cret@127.0.0.1:1/ch/1",
        "mycam:/me:%2Fs3cret@localhost",
        "mycam:me:s3 s3cret@host/1",
        "mycam:/127.0.0.1/user=me_password=s3cret_channel=1",
    ],
)
def test_a_protocol_that_nobody_knows_hides_its_secrets_without_its_slashes_too(url):
    assert "s3cret" not in hide_secrets(f"error: no such file: '{url}'; check the name")


@pytest.mark.parametrize(
    "line",
    [
        "error: opencv:cpu failed: C:\\a@b; mail a@b.c",
        "error: wrong value 'person=red': --paint; openvino:cpu_int8 holds",
    ],
)
def test_a_line_without_a_secret_stays_as_it_is(line):
    assert hide_secrets(line) == line


def test_a_url_that_was_shown_before_stays_as_it_is():
    line = "udp://127.0.0.1:9000?...: nobody answers"

    assert hide_secrets(line) == line
