"""The page itself in headless Chromium, before a real server."""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="no uvicorn here: requirements-web.txt")

from deeplab_cv.controls.keys import KEYS, PaintClass, PaintNamed, SetView, ShowSource
from deeplab_cv.controls.stage import encoded_jpeg
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import demo_clip
from deeplab_cv.overlay.options import STYLES
from deeplab_cv.sources.state import SourceState
from tests.chromium import CHROMIUM, browser
from tests.page.serving import pixels, run_state, served
from tests.waiting import HANGS_S, wait_for

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

ROOT = Path(__file__).parents[2]
TRANSPORTS = ("webcodecs", "mse", "jpeg")
BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)
SIZE = Size(320, 180)

MIDDLE = """(() => {
  const from = document.querySelector("#glass > *");
  if (!from) return null;
  const canvas = new OffscreenCanvas(1, 1), pen = canvas.getContext("2d");
  const width = from.videoWidth ?? from.width, height = from.videoHeight ?? from.height;
  if (!width || !height) return null;
  pen.drawImage(from, width / 2, height / 2, 1, 1, 0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
})()"""
"""The colour in the middle of the picture on the page (RGB)."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


class Film:
    """Pictures of one colour, thirty a second, until the block ends."""

    def __init__(self, stage):
        self.colour = RED
        self._stage, self._ended = stage, threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join(HANGS_S)

    def _play(self):
        while not self._ended.wait(1 / 30):
            self._stage.show(pixels(self.colour, SIZE), time.monotonic())


@contextmanager
def page(chromium, query="", **options):
    """A page in a tab, the server behind it, and a film on it."""
    with served(**options) as site, Film(site.server.stage) as film:
        site.server.stage.say(run_state())
        with chromium.tab(site.server.link + query) as tab:
            yield tab, site, film
            assert tab.problems == []


def begun(tab):
    """Wait until the controls are there and know the run's state."""
    tab.wait("document.querySelectorAll('#all button').length && document.title.includes('camera 0')")


def shows(tab, colour_bgr):
    """The picture on the page has this colour."""
    seen = tab.run(MIDDLE)
    return seen is not None and np.abs(np.array(seen) - colour_bgr[::-1]).max() < 60


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_picture_on_the_page_follows_the_run(chromium, transport):
    with page(chromium, f"?transport={transport}") as (tab, _, film):
        for colour in (RED, GREEN, BLUE, RED):
            film.colour = colour
            wait_for(lambda colour=colour: shows(tab, colour))

        assert tab.wait("document.getElementById('way').dataset.transport") == transport


def test_on_this_machine_the_page_takes_webcodecs_and_says_so(chromium):
    with page(chromium) as (tab, _, _):
        assert "WebCodecs" in tab.wait("document.getElementById('way').textContent")


@pytest.mark.parametrize(("missing", "next_way"), [("VideoDecoder", "mse"), ("VideoDecoder MediaSource", "jpeg")])
def test_where_a_way_is_missing_the_page_takes_the_next(chromium, missing, next_way):
    with page(chromium) as (tab, site, _):
        script = "".join(f"delete globalThis.{name};" for name in missing.split())
        tab.say("Page.enable")
        tab.say("Page.addScriptToEvaluateOnNewDocument", source=script)
        tab.say("Page.navigate", url=site.server.link)
        tab.wait(f"document.getElementById('way')?.dataset.transport === '{next_way}'")
        wait_for(lambda: shows(tab, RED))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_page_measures_the_time_from_capture_to_its_own_screen(chromium, transport):
    with page(chromium, f"?transport={transport}") as (tab, _, _):
        latency_ms = float(tab.wait("document.getElementById('way').dataset.latency"))
        text = tab.run("document.getElementById('way').textContent")

    assert 0 < latency_ms < HANGS_S * 1000
    assert f"{latency_ms:.0f} ms" in text or "ms from capture to this screen" in text


def test_every_row_of_the_key_table_is_a_control_that_does_it(chromium):
    with page(chromium) as (tab, site, _):
        begun(tab)
        tab.run("window.confirm = () => true")
        labels = tab.run("[...document.querySelectorAll('#all button')].map(each => each.dataset.row)")
        site.asked.clear()
        for place in range(len(labels)):
            tab.run(f"document.querySelectorAll('#all button')[{place}].click()")
        wanted = [action for key in KEYS for action in dict.fromkeys(key.actions.values()) if action != "fullscreen"]
        wait_for(lambda: len(site.asked) >= len(wanted))

    assert set(labels) == {key.label for key in KEYS}
    assert sorted(map(str, site.asked)) == sorted(map(str, wanted))


def test_keys_do_what_they_do_in_the_window(chromium):
    with page(chromium) as (tab, site, _):
        begun(tab)
        site.asked.clear()
        for name in ("v", "3", " ", "h", "z"):
            tab.say("Input.dispatchKeyEvent", type="keyDown", key=name, text=name)
            tab.say("Input.dispatchKeyEvent", type="keyUp", key=name)
        wait_for(lambda: len(site.asked) >= 4)

    assert set(site.asked) == {"style", PaintClass(3), "pause", "help"}


@pytest.mark.parametrize(
    ("script", "action"),
    [
        (f"pick('style', '{STYLES[2]}', 'change')", SetView(style=STYLES[2])),
        ("pick('alpha', '0.8', 'input')", SetView(alpha=0.8)),
        ("pick('smooth', '0.6', 'input')", SetView(smooth=0.6)),
        ("document.querySelector('#classes [data-name=person] [type=checkbox]').click()", ("person", False)),
        ("document.querySelector('#quick [data-action=record]').click()", "record"),
        ("document.querySelector('#switches [data-action=backend]').click()", "backend"),
    ],
)
def test_values_are_set_at_once(chromium, script, action):
    pick = "const pick = (id, value, kind) => { const at = document.getElementById(id); at.value = value;"
    pick += " at.dispatchEvent(new Event(kind, {bubbles: true})); };"
    wanted = PaintNamed(name=action[0], on=action[1]) if isinstance(action, tuple) else action
    with page(chromium) as (tab, site, _):
        begun(tab)
        tab.wait("document.querySelector('#classes [data-name=person]') !== null")
        site.asked.clear()
        tab.run(f"{{ {pick} {script}; }}")
        wait_for(lambda: site.asked)

    assert site.asked == [wanted]


def test_a_colour_is_chosen_for_a_class(chromium):
    with page(chromium) as (tab, site, _):
        begun(tab)
        tab.wait("document.querySelector('#classes [data-name=dog] [type=color]') !== null")
        tab.run(
            "{ const at = document.querySelector('#classes [data-name=dog] [type=color]'); at.value = '#102030';"
            " at.dispatchEvent(new Event('input')); }"
        )
        wait_for(lambda: site.asked)

    assert site.asked == [PaintNamed(name="dog", colour=(16, 32, 48))]


def test_figures_and_classes_are_those_of_the_run(chromium):
    with page(chromium) as (tab, _, _):
        begun(tab)
        figures = tab.wait("document.getElementById('figures').textContent")
        legend = tab.run("document.getElementById('legend').textContent")
        made_by = tab.run("document.getElementById('made-by').textContent")

    assert "30.0" in figures and "8 ms" in figures
    assert legend == "person50 %"
    assert made_by == "tiny at 64x48 on opencv:cpu:float32"


def test_the_link_s_token_leaves_the_address_and_opens_the_page(chromium):
    with page(chromium, "#controls-it", serve_token="controls-it") as (tab, _, _):
        begun(tab)

        assert "controls-it" not in tab.run("location.href")
        assert "controls-it" not in tab.run("document.cookie")
        assert not tab.run("document.querySelector('fieldset').disabled")


def test_who_may_only_watch_sees_the_picture_and_can_press_nothing(chromium):
    tokens = {"serve_token": "controls-it", "serve_view_token": "watches-it"}
    with page(chromium, "#watches-it", **tokens) as (tab, site, _):
        begun(tab)
        wait_for(lambda: shows(tab, RED))
        enabled = tab.run("document.querySelectorAll('fieldset.controls:not(:disabled)').length")
        note = tab.run("document.getElementById('role-note').hidden")
        tab.say("Input.dispatchKeyEvent", type="keyDown", key="v", text="v")
        tab.run("fetch('/api/action', {method: 'POST', body: '{\"action\": \"quit\"}'}).then(each => each.status)")
        tab.problems.clear()  # Chromium notes the refusal

    assert (enabled, note) == (0, False)
    assert site.asked == []


def test_a_stranger_is_told_in_one_sentence(chromium):
    with page(chromium, serve_token="controls-it") as (tab, _, _):
        assert "link that the program printed" in tab.wait("document.getElementById('notice').textContent")


def test_a_hidden_tab_stops_its_stream_and_takes_it_up_again(chromium):
    hide = "Object.defineProperty(document, 'hidden', {get: () => HIDDEN, configurable: true});"
    hide += "document.dispatchEvent(new Event('visibilitychange'))"
    with page(chromium) as (tab, site, _):
        wait_for(lambda: shows(tab, RED))
        tab.run(hide.replace("HIDDEN", "true"))
        wait_for(lambda: b'transport="webcodecs"} 0' in site.ask("/metrics")[2])
        tab.run(hide.replace("HIDDEN", "false"))
        wait_for(lambda: b'transport="webcodecs"} 1' in site.ask("/metrics")[2])


def test_a_server_that_comes_back_is_found_again(chromium):
    with served() as site, Film(site.server.stage):
        site.server.stage.say(run_state())
        port, link = site.port, site.server.link
        tab_in = chromium.tab(link)
        tab = tab_in.__enter__()
        wait_for(lambda: shows(tab, RED))
    tab.wait("document.getElementById('condition').textContent.includes('gone')")
    with served(serve=str(port)) as site, Film(site.server.stage) as film:
        film.colour = GREEN
        site.server.stage.say(run_state())
        wait_for(lambda: shows(tab, GREEN))
        tab.wait("document.getElementById('condition').textContent === 'live'")
        tab_in.__exit__(None, None, None)


@pytest.mark.parametrize(("width", "height", "phone"), [(1280, 800, False), (390, 844, True), (844, 390, True)])
def test_nothing_is_wider_than_the_screen(chromium, width, height, phone):
    with page(chromium) as (tab, _, _):
        tab.resize(width, height, phone=phone)
        begun(tab)

        assert tab.run("document.documentElement.scrollWidth") <= width
        assert tab.run("document.getElementById('picture').getBoundingClientRect().height") > 100


@contextmanager
def program(folder, *words):
    """app.py with these words in a folder, and the link that it prints."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), *words], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, next(line for line in process.stderr if "the page:" in line).split()[-1]
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def share_of_red(png):
    """How much of a picture is painted red."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).astype(int)
    blue, green, red = (picture[..., each] for each in range(3))
    return ((red > green + 80) & (red > blue + 80)).mean()


def read_frames(clip, count):
    """The first frames of a clip, BGR."""
    capture = cv2.VideoCapture(str(clip))
    frames = [capture.read()[1] for _ in range(count)]
    capture.release()
    return frames


def test_the_whole_program_is_seen_and_ended_from_the_page(chromium, tmp_path):
    words = ("--demo", "--loop", "--headless", "--serve", "0", "--backend", "opencv")
    with program(tmp_path, *words) as (process, link), chromium.tab(link) as tab:
        tab.wait("document.getElementById('legend').textContent.includes('person')")
        tab.wait("document.getElementById('way').dataset.shown > 5")
        reds = wait_for(lambda: share_of_red(tab.picture()))
        tab.run("window.confirm = () => true")
        tab.run("document.querySelector('#all [data-row=q]').click()")
        code = process.wait(HANGS_S)

    assert code == 0
    assert reds > 0.03
    assert list(tmp_path.iterdir()) == []


def of_three_sources(**changes):
    return run_state(sources=tuple(run_state(label=f"camera-{place}") for place in range(3)), **changes)


def click_at(tab, x, y):
    """Click at a place of the picture's box, in shares of it."""
    tab.run(
        "{ const picture = document.getElementById('picture'), box = picture.getBoundingClientRect();"
        f"picture.dispatchEvent(new MouseEvent('click', {{clientX: box.left + {x} * box.width,"
        f" clientY: box.top + {y} * box.height}})); }}"
    )


def test_of_several_sources_each_is_listed_and_a_click_shows_it_alone(chromium):
    with page(chromium) as (tab, site, _):
        begun(tab)
        alone_hidden = tab.run("document.getElementById('sources-card').hidden")
        site.server.stage.say(of_three_sources())
        tab.wait("document.querySelectorAll('#sources li').length === 3")
        first = tab.run("document.querySelector('#sources li').textContent")
        tab.wait("document.getElementById('way').dataset.shown > 2")
        click_at(tab, 0.75, 0.25)
        click_at(tab, 0.25, 0.75)
        click_at(tab, 0.75, 0.75)
        tab.run("document.querySelectorAll('#sources button')[1].click()")
        tab.run("document.getElementById('all-sources').click()")
        wait_for(lambda: len(site.asked) >= 4)
        site.server.stage.say(of_three_sources(alone=2))
        tab.wait("document.querySelectorAll('#sources button')[2].ariaPressed === 'true'")
        click_at(tab, 0.75, 0.25)

    assert alone_hidden
    assert first == "camera-030.0 frames/s · 12 ms"
    assert sorted(map(str, site.asked)) == sorted(map(str, [ShowSource(1), ShowSource(1), ShowSource(2), "grid"]))


def test_tab_goes_from_one_control_of_the_page_to_the_next(chromium):
    with page(chromium) as (tab, site, _):
        begun(tab)
        site.asked.clear()
        for name in ("Tab", "g"):
            tab.say("Input.dispatchKeyEvent", type="keyDown", key=name)
            tab.say("Input.dispatchKeyEvent", type="keyUp", key=name)
        wait_for(lambda: site.asked)

    assert site.asked == ["grid"]


def test_several_sources_of_the_whole_program_are_on_its_page(chromium, tmp_path):
    words = ("--pattern", "--pattern", "--width", "320", "--height", "180", "--headless", "--serve", "0")
    with program(tmp_path, *words, "--backend", "opencv") as (process, link), chromium.tab(link) as tab:
        tab.wait("document.querySelectorAll('#sources li').length === 2")
        tab.wait("document.getElementById('made-by').textContent")
        tab.wait("document.getElementById('way').dataset.shown > 2")
        wide = tab.run("document.getElementById('picture').style.aspectRatio")
        both = "text.includes('frames_a_second{source=\"pattern-0\"}') && text.includes('d{source=\"pattern-1\"}')"
        tab.wait(f"fetch('/metrics').then(answer => answer.text()).then(text => {both})")
        tab.run("document.querySelectorAll('#sources button')[1].click()")
        ratio = "document.getElementById('picture').style.aspectRatio"
        small = tab.wait(f"{ratio} !== '{wide}' && {ratio}")
        tab.run("window.confirm = () => true")
        tab.run("document.querySelector('#all [data-row=q]').click()")
        code = process.wait(HANGS_S)

    assert code == 0
    assert (wide, small) == ("1280 / 720", "320 / 180")


def test_a_source_that_is_gone_is_said_over_its_last_picture(chromium):
    with page(chromium) as (tab, site, _):
        begun(tab)
        gone = SourceState("camera 0", "gone", reason="unplugged", retry_at=time.monotonic() + 3.5)
        site.server.stage.say(run_state(source_state=gone))
        notice = tab.wait("document.getElementById('notice').textContent")
        greyed = tab.run("getComputedStyle(document.getElementById('glass')).filter")
        site.server.stage.say(run_state())
        tab.wait("document.getElementById('notice').hidden")

    assert notice.startswith("camera 0 is gone, trying again in ")
    assert "grayscale" in greyed


def test_a_browser_s_camera_is_segmented_and_red_people_come_back(tmp_path):
    camera = tmp_path / "people.mjpeg"
    frames = read_frames(demo_clip(), 40)
    camera.write_bytes(b"".join(encoded_jpeg(Pixels(image=frame)) for frame in frames))
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with (
        program(tmp_path, "--browser-camera", "--headless", "--serve", "0", "--backend", "opencv") as (_, link),
        browser(tmp_path / "profile", (*flags, f"--use-file-for-fake-video-capture={camera}")) as chromium,
        chromium.tab(link) as tab,
    ):
        waits = tab.wait("document.getElementById('notice').textContent")
        tab.wait("!document.getElementById('camera-card').hidden")
        tab.run("document.getElementById('camera-button').click()")
        tab.wait("document.getElementById('legend').textContent.includes('person')")
        reds = wait_for(lambda: share_of_red(tab.picture()))
        tab.wait("document.getElementById('way').dataset.latency > 0")

    assert waits == "the browser's camera is gone, waiting for it"
    assert reds > 0.03


def test_where_the_browser_gives_no_camera_the_page_says_how_to_get_one(chromium):
    with page(chromium) as (tab, site, _):
        tab.say("Page.enable")
        script = "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"
        tab.say("Page.addScriptToEvaluateOnNewDocument", source=script)
        tab.say("Page.navigate", url=site.server.link)
        note = tab.wait("document.getElementById('camera-note')?.textContent")

    assert "secure pages only" in note and "--tls-self-signed" in note
