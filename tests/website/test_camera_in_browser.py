"""The camera in the browser: what it shows, what is recorded, and what is said where there is none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import demo_clip
from tests.chromium import CHROMIUM, Tab
from tests.tiny_networks import BACKGROUND, PERSON, halves
from tests.waiting import wait_for
from tests.website.page import FIGURES, MESSAGE, chromium, last, open_page, press, program_s_labels, segmented

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

ALLOWED = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
SHOWN = f"{FIGURES}.includes('frames/s')"
SOME_FRAMES = """new Promise((seen) => {
  let count = 0;
  const observer = new MutationObserver(() => ++count === 12 && seen(true));
  observer.observe(document.getElementById("figures"), { childList: true });
})"""
"""Twelve more frames have been shown."""

NOTED_CAMERAS = """
self.cameras = [];
const { mediaDevices } = navigator;
const open = mediaDevices.getUserMedia.bind(mediaDevices);
mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  cameras.push(...stream.getVideoTracks());
  return stream;
};
"""
"""What the browser has opened for the page."""

LATE_CAMERA = """
self.failures = %d;
const { mediaDevices } = navigator;
const open = mediaDevices.getUserMedia.bind(mediaDevices);
mediaDevices.getUserMedia = async (wanted) => {
  if (failures-- > 0) throw new DOMException("Timeout starting video source", "AbortError");
  failures = 0;
  return open(wanted);
};
"""
"""A camera that the browser gives up at first, as on a busy machine."""

HELD_CAMERAS = """
self.asked = [];
self.cameras = [];
navigator.mediaDevices.getUserMedia = () => new Promise((give) => asked.push(() => {
  const canvas = document.createElement("canvas");
  const stream = canvas.captureStream();
  setInterval(() => canvas.getContext("2d").fillRect(0, 0, 9, 9), 50);
  cameras.push(...stream.getVideoTracks());
  give(stream);
}));
"""
"""A browser that gives a camera when its user allows it: here, when the test calls what stands in `asked`."""

CAMERA_NAMES = "[...document.getElementById('device').options].map((option) => option.text)"


AGAIN_UNTIL_SHOWN = f"""(/No camera|no picture/.test(message.textContent)
  && (message.textContent = "", document.getElementById("camera").click()), {SHOWN})"""
"""On a busy machine the browser may find no camera for longer than the page asks for it; a user would ask again."""


@contextmanager
def before_the_camera(pictures: list[np.ndarray], folder: Path, address: str) -> Iterator[Tab]:
    """The page with a camera that shows the pictures over and over, when it shows the first painted ones."""
    film = folder / "camera.mjpeg"
    film.write_bytes(b"".join(cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures))
    flags = (*ALLOWED, f"--use-file-for-fake-video-capture={film}")
    with chromium(folder / "profile", address, flags, until=AGAIN_UNTIL_SHOWN) as tab:
        yield tab
        press(tab, "camera")


def person_at_the_left() -> np.ndarray:
    """640x360: red, which the tiny network takes for a person, beside grey."""
    return cv2.resize(halves(PERSON, BACKGROUND), (640, 360), interpolation=cv2.INTER_NEAREST)


def test_people_before_the_camera_come_back_red(site, serve, tmp_path):
    clip = cv2.VideoCapture(str(demo_clip()))
    pictures = [cv2.resize(clip.read()[1], (640, 360)) for _ in range(20)]
    address = serve(site).address + "?camera=1&size=256x256&precision=float32"
    with before_the_camera(pictures, tmp_path, address) as tab:
        frame, labels = last(tab)

    assert (labels == PERSON).mean() > 0.1
    assert (labels == program_s_labels(frame, size=Size(256, 256))).mean() >= 0.999


def test_the_figures_of_a_live_picture_are_shown(tiny_site, serve, tmp_path):
    with before_the_camera([person_at_the_left()], tmp_path, serve(tiny_site).address + "?camera=1") as tab:
        shown = tab.run(FIGURES)

    assert [name for name in ("provider", "input", "inference", "whole frame", "frames/s") if name not in shown] == []


def test_mirror_turns_the_camera_s_picture(tiny_site, serve, tmp_path):
    with before_the_camera([person_at_the_left()], tmp_path, serve(tiny_site).address + "?camera=1") as tab:
        before = last(tab)[1]
        press(tab, "mirror")
        tab.run(SOME_FRAMES)
        after = last(tab)[1]

    assert (before[:, 40] == PERSON).all() and (before[:, -40] == BACKGROUND).all()
    assert (after[:, 40] == BACKGROUND).all() and (after[:, -40] == PERSON).all()


def test_another_camera_can_be_chosen(tiny_site, serve, tmp_path):
    address = serve(tiny_site).address
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=2")
    with chromium(tmp_path / "profile", f"{address}icon-192.png", flags, until="true") as tab:
        tab.say("Page.enable")
        tab.say("Page.addScriptToEvaluateOnNewDocument", source=NOTED_CAMERAS)
        open_page(tab, f"{address}?camera=1", until=AGAIN_UNTIL_SHOWN)
        names = tab.wait(f"{CAMERA_NAMES}.length === 4 && {CAMERA_NAMES}")
        other = tab.run("cameras[0].getSettings().deviceId === device.options[2].value ? 3 : 2")
        tab.run(f"device.selectedIndex = {other}; device.dispatchEvent(new Event('change'))")
        tab.wait("cameras.length === 2")
        tab.run(SOME_FRAMES)

        assert names[:2] == ["front camera", "back camera"] and all(
            name.startswith("fake_device") for name in names[2:]
        )
        assert tab.run(f"cameras[1].getSettings().deviceId === device.options[{other}].value")
        assert tab.run("cameras.map((each) => each.readyState)") == ["ended", "live"]
        assert tab.run("device.selectedIndex") == other


def test_a_recording_plays(tiny_site, serve, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    with before_the_camera([person_at_the_left()], tmp_path, serve(tiny_site).address + "?camera=1") as tab:
        tab.say("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(films))
        press(tab, "record")
        pressed = tab.run("document.getElementById('record').getAttribute('aria-pressed')")
        tab.run(SOME_FRAMES)
        press(tab, "record")
        film = wait_for(lambda: [*films.glob("deeplab.mp4"), *films.glob("deeplab.webm")])[0]
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    assert pressed == "true"
    assert len(frames) >= 5
    assert frames[-1].shape == (360, 640, 3)
    red, grey = frames[-1][180, 100], frames[-1][180, -100]
    assert red[0] > 200 and red[1:].max() < 60
    assert np.ptp(grey.astype(int)) < 20


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [("document.getElementById('camera').click()", ["ended", "live"]), ("samples.firstChild.click()", ["ended"])],
    ids=["Camera again", "a picture"],
)
def test_a_camera_is_closed_again_when_it_comes_after_what_was_asked_for_next(
    tiny_site, serve, tmp_path, meanwhile, left
):
    address = serve(tiny_site).address
    with chromium(tmp_path / "profile", f"{address}icon-192.png", until="true") as tab:
        tab.say("Page.enable")
        tab.say("Page.addScriptToEvaluateOnNewDocument", source=HELD_CAMERAS)
        open_page(tab, address)
        press(tab, "camera")
        tab.run(meanwhile)
        tab.wait(f"asked.length === {len(left)} && (asked.length > 1 || !segment.hidden)")
        tab.run("asked.forEach((give) => give())")
        tab.wait("cameras[0].readyState === 'ended'")
        button = tab.wait("document.getElementById('camera').textContent")

        assert tab.run("cameras.map((each) => each.readyState)") == left
        assert (button == "Stop") == ("live" in left)


def test_a_refused_camera_is_one_sentence(tiny_site, serve, tmp_path):
    flags = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    with chromium(tmp_path / "profile", serve(tiny_site).address, flags) as tab:
        press(tab, "camera")
        tab.wait(f"{MESSAGE}.includes('refused')")

        assert "Allow it in the browser's site settings" in tab.run(MESSAGE)


def test_no_camera_is_one_sentence(tiny_site, serve, tmp_path):
    with chromium(tmp_path / "profile", serve(tiny_site).address, ("--use-fake-ui-for-media-stream",)) as tab:
        press(tab, "camera")
        tab.wait(f"{MESSAGE}.includes('No camera was found')")

        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()


@pytest.mark.parametrize(("failures", "until"), [(2, SHOWN), (3, f"{MESSAGE}.includes('gives no picture')")])
def test_a_camera_that_does_not_answer_is_asked_three_times(tiny_site, serve, tmp_path, failures, until):
    address = serve(tiny_site).address
    with chromium(tmp_path / "profile", f"{address}icon-192.png", ALLOWED, until="true") as tab:
        tab.say("Page.enable")
        tab.say("Page.addScriptToEvaluateOnNewDocument", source=LATE_CAMERA % failures)
        open_page(tab, f"{address}?camera=1", until=until)

        assert tab.run("failures") == 0


def test_a_page_that_is_not_secure_says_so_and_takes_pictures(tiny_site, serve, tmp_path):
    address = serve(tiny_site).address.replace("localhost", "page.example")
    flags = (*ALLOWED, "--host-resolver-rules=MAP page.example 127.0.0.1")
    with chromium(tmp_path / "profile", address, flags) as tab:
        press(tab, "camera")
        tab.wait(f"{MESSAGE}.includes('needs HTTPS or localhost')")

        assert (segmented(tab, halves(PERSON, 0))[:, :40] == PERSON).all()
