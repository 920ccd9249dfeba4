"""What a host has to send with a site."""

from deeplab_cv.website.headers import ISOLATION
from deeplab_cv.website.site import PAGES


def test_the_service_worker_adds_the_same_where_the_host_does_not():
    script = (PAGES / "service-worker.js").read_text(encoding="utf-8")

    assert [name for name, value in ISOLATION.items() if f'headers.set("{name}", "{value}")' not in script] == []
    assert script.count("headers.set(") == len(ISOLATION)
