import pytest

pytest.importorskip("starlette", reason="no starlette here: requirements-web.txt")

from tests.page.serving import served

PATHS = ("/", "/healthz", "/api/state", "/static/main.js", "/nothing")


@pytest.fixture(scope="module")
def site():
    with served() as server:
        yield server


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.org", "evil.org:80", "192.168.1.5", "127.0.0.1.evil.org", ""])
def test_a_request_for_another_host_is_refused(site, path, host):
    assert site.ask(path, Host=host)[0] == 421


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["http://evil.org", "null", "http://127.0.0.1:1", ""])
def test_a_request_of_another_page_is_refused(site, path, origin):
    assert site.ask(path, Origin=origin)[0] == 403


def test_another_page_cannot_control(site):
    site.asked.clear()

    assert site.post("/api/action", {"action": "quit"}, Origin="http://evil.org") == 403
    assert site.post("/api/action", {"action": "quit"}, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors") == 403
    assert site.asked == []


def test_this_machine_is_found_by_its_usual_names(site):
    assert site.ask("/", Host=f"localhost:{site.port}")[0] == 200
    assert site.ask("/", Host=f"[::1]:{site.port}")[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_strict_headers(site, path):
    headers = site.ask(path)[1]

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["server"] is None


def test_no_header_repeats_what_was_asked(site):
    _, headers, body = site.ask("/", Host="evil.org; script-src *", Referer="http://evil.org/<script>")

    assert "evil.org" not in str(headers) and b"evil.org" not in body
