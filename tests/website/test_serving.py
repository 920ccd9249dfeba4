"""The site served on this machine."""

from urllib.request import urlopen

from deeplab_cv.website.serving import HEADERS


def test_every_file_comes_with_the_headers_that_threads_need(serve, tmp_path):
    (tmp_path / "index.html").write_text("<p>page")
    (tmp_path / "main.js").write_text("1;")
    served = serve(tmp_path)
    for name, kind in (("", "text/html"), ("main.js", "text/javascript")):
        with urlopen(served.address + name) as answer:
            assert answer.headers["Content-Type"].startswith(kind)
            assert {header: answer.headers[header] for header in HEADERS} == HEADERS
