"""The service worker: what is kept for visits without a connection, and how a new version takes its place."""

import shutil

import pytest

from deeplab_cv.networks.opening import open_network
from deeplab_cv.website.site import write_site
from tests.chromium import CHROMIUM, browser
from tests.tiny_networks import PERSON, halves, tiny_network
from tests.website.page import READY, chromium, open_page, segmented

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

KEPT = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"
NETWORK = "fetch('site.json').then((answer) => answer.json()).then((facts) => facts.name)"
WAITING = "navigator.serviceWorker.getRegistration().then((found) => found.waiting !== null)"
NEVER_BEGINS = """window.never = new Promise(() => {});
const ask = window.fetch;
window.fetch = (what, ...options) => (what === "site.json" ? window.never : ask(what, ...options));"""
BEGINNING = "typeof never === 'object' && navigator.serviceWorker.oncontrollerchange !== null"
INSTALLED = """navigator.serviceWorker.register("service-worker.js").then(({ installing }) => new Promise((settled) => {
  const look = () => ["activated", "redundant"].includes(installing.state) && settled(installing.state);
  installing.onstatechange = look;
  look();
}))"""
"""What becomes of a service worker: activated, or redundant where it could not keep all files."""


@pytest.fixture
def site_s_copy(tiny_site, tmp_path):
    """A copy of the tiny site, to be changed."""
    return shutil.copytree(tiny_site, tmp_path / "site")


def test_the_second_visit_needs_no_connection(tiny_site, serve, tmp_path):
    served = serve(tiny_site)
    with chromium(tmp_path / "profile", served.address) as tab:
        tab.wait(KEPT)
        served.stop()
        open_page(tab, served.address)

        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


def test_a_host_without_the_headers_gets_threads_at_the_second_visit(tiny_site, serve, tmp_path):
    served = serve(tiny_site, {})
    with chromium(tmp_path / "profile", served.address) as tab:
        first = tab.run("crossOriginIsolated")
        tab.wait(KEPT)
        open_page(tab, served.address)

        assert (first, tab.run("crossOriginIsolated")) == (False, True)


def test_an_open_page_stays_with_its_version_and_the_next_visit_has_the_new_one(site_s_copy, runtime, serve, tmp_path):
    served = serve(site_s_copy)
    with chromium(tmp_path / "profile", served.address) as tab:
        tab.wait(KEPT)
        write_site(open_network(tiny_network(tmp_path, "other")), runtime, site_s_copy)
        tab.run("navigator.serviceWorker.getRegistration().then((found) => void found.update())")
        tab.wait(WAITING)
        old = tab.run(NETWORK)
        labels = segmented(tab, halves(PERSON, 0))
        open_page(tab, served.address, until=f"({NETWORK}).then((name) => name === 'other' && {READY})")

        assert tab.run("caches.keys().then((names) => names.length)") == 1
    assert old == "tiny"
    assert (labels[:, :40] == PERSON).all()


def test_a_page_that_has_not_begun_gives_way_to_the_new_version_when_it_is_the_last(
    site_s_copy, runtime, serve, tmp_path
):
    served = serve(site_s_copy)
    with browser(tmp_path / "profile") as running, running.tab(served.address) as tab:
        tab.wait(READY)
        tab.wait(KEPT)
        with running.tab(served.address) as other:
            other.wait(READY)
            write_site(open_network(tiny_network(tmp_path, "other")), runtime, site_s_copy)
            tab.run("navigator.serviceWorker.getRegistration().then((found) => void found.update())")
            tab.wait(WAITING)
            tab.say("Page.enable")
            tab.say("Page.addScriptToEvaluateOnNewDocument", source=NEVER_BEGINS)
            open_page(tab, served.address, until=BEGINNING)
            kept_back = tab.run(WAITING)

        tab.wait("navigator.serviceWorker.getRegistration().then((found) => found.waiting === null)")
        tab.wait("caches.keys().then((names) => names.length === 1)")
    assert kept_back


def test_other_pages_of_the_host_are_left_alone(site_s_copy, serve, tmp_path):
    other = site_s_copy / "other.txt"
    other.write_text("before")
    read = "fetch('other.txt').then((answer) => answer.text())"
    with chromium(tmp_path / "profile", serve(site_s_copy).address) as tab:
        tab.wait(KEPT)
        before = tab.run(read)
        other.write_text("after")

        assert (before, tab.run(read)) == ("before", "after")


def test_two_sites_on_one_host_are_both_kept(tiny_site, serve, tmp_path):
    for name in ("one", "two"):
        shutil.copytree(tiny_site, tmp_path / "host" / name)
    served = serve(tmp_path / "host")
    with chromium(tmp_path / "profile", f"{served.address}one/") as tab:
        tab.wait(KEPT)
        open_page(tab, f"{served.address}two/")
        tab.wait(KEPT)
        served.stop()
        for name in ("one", "two"):
            open_page(tab, f"{served.address}{name}/")

            assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


def test_a_file_that_was_cut_off_on_its_way_is_not_kept(site_s_copy, serve, tmp_path):
    golden = next(site_s_copy.glob("network/golden-*.bin"))
    whole = golden.read_bytes()
    golden.write_bytes(whole[:-100])
    served = serve(site_s_copy)
    with chromium(tmp_path / "profile", f"{served.address}licences.txt", until="true") as tab:
        cut_off = tab.run(INSTALLED)
        golden.write_bytes(whole)

        assert (cut_off, tab.run(INSTALLED)) == ("redundant", "activated")
