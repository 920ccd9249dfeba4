"""The window's screen at work in a real job; only the pane of glass is a stand-in, which test_window.py drives."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.controls.keys import help_rows
from deeplab_cv.controls.status import Status
from deeplab_cv.frames.frame import Painted, picture_frame
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.look import look_of
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View
from deeplab_cv.sources.state import SourceState
from deeplab_cv.viewer.screen import WindowScreen, drawn_over, greyed, picture_buttons, screen_lines
from tests.controls.numbers import DEFAULT, controls_of_numbers
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Camera, Notebook
from tests.waiting import HANGS_S


class Pane:
    """A window without glass: gives one of its keys after each new picture, and remembers what it was asked for.

    What it shows and how long it rests before the first segmented frame stands apart, in `looks`.
    """

    def __init__(self, *keys):
        self.shown, self.looks, self.rests, self.filled, self.closed = [], [], [], [], False
        self.controls = None
        self._keys = list(keys)
        self._answered = 0

    def area_for(self, picture):
        return picture

    def fill_screen(self, *, on):
        self.filled.append(on)

    def poll(self, wait_ms):
        if self.controls.shown is None:
            return []
        self.rests.append(wait_ms)
        if len(self.shown) == self._answered or not self._keys:
            return []
        self._answered = len(self.shown)
        return [self._keys.pop(0)]

    def show(self, picture, buttons=()):
        pictures = self.looks if self.controls.shown is None else self.shown
        pictures.append((picture, [button.text for button in buttons]))

    def entitle(self, title):
        self.title = title

    def close(self):
        self.closed = True


class Gallery(Notebook):
    """A sink that keeps a copy of each picture as it was handed over, and the picture itself."""

    needs_picture = True

    def __init__(self):
        super().__init__()
        self.pictures, self.copies = [], []

    def write(self, painted):
        super().write(painted)
        self.pictures.append(painted.picture)
        self.copies.append(painted.picture.copy())


@pytest.fixture
def run(make_stream, tmp_path):
    def run_with(*keys, sinks=(), view=DEFAULT, tutorial=False):
        pane, outputs = Pane(*keys), []
        controls = controls_of_numbers(tmp_path, view=view, tutorial=tutorial)
        pane.controls = controls
        job = Job(Camera(10**6), make_stream(), list(sinks), view, WindowScreen(pane, controls))
        run_job(job, stop=threading.Event(), written=outputs.append)
        return pane, outputs

    return run_with


def test_keys_of_the_window_are_done_until_one_quits_which_closes_it(run):
    # With a sink no frame waits for its time, so that each key is done before the next picture.
    pane, _ = run("overlay", "line", "quit", sinks=[Notebook()])

    plain = pane.shown[-1][0]
    assert pane.closed
    # The key is answered above.
    assert (plain[-1] == (0, 0, 255)).all()
    assert (pane.shown[0][0][-1] != plain[-1]).any()


def test_what_is_drawn_over_a_picture_is_for_the_window_alone(run):
    gallery = Gallery()

    pane, _ = run("quit", sinks=[gallery])

    assert (pane.shown[0][0] != gallery.copies[0]).any()
    for picture, copy in zip(gallery.pictures, gallery.copies, strict=True):
        np.testing.assert_array_equal(picture, copy)


def test_a_paused_window_rests_between_two_looks_and_a_running_one_does_not(run):
    paused, _ = run("help", "quit", view=View(paused=True))
    running, _ = run("help", "quit", sinks=[Notebook()])

    assert max(paused.rests) > 0
    assert set(running.rests) == {0}


def test_a_paused_window_is_drawn_anew_when_a_key_changes_the_view(run):
    pane, _ = run("overlay", "quit", view=View(paused=True, picture=PictureOptions(line=False)))

    first, last = pane.shown[0][0], pane.shown[-1][0]
    assert len(pane.shown) == 2
    assert (first != last).any()


def test_before_the_first_segmented_frame_the_source_is_shown_with_what_is_done_and_no_buttons(tmp_path):
    pane = Pane()
    pane.controls = controls_of_numbers(tmp_path, tutorial=True)
    red = Camera(1).read()

    WindowScreen(pane, pane.controls).attend(
        SimpleNamespace(newest=red, progress="loading", source_state=SourceState("numbers"))
    )

    [(picture, buttons)] = pane.looks
    assert buttons == []
    assert (picture[-1] == (0, 0, 255)).all()
    assert (picture != red.image).any()


def test_the_tutorial_s_pictures_have_its_buttons_and_a_video_has_none(run):
    assert run("quit", tutorial=True)[0].shown[0][1] == ["Segment", "Restart"]
    assert run("quit")[0].shown[0][1] == []


def test_what_is_on_the_screen_stands_in_the_window_s_title(run):
    assert run("quit")[0].title == "deeplab-cv: numbers"


def test_a_key_fills_the_screen_with_the_window(run):
    pane, _ = run("fullscreen", "step", "quit", sinks=[Notebook()])

    assert pane.filled[0] is False
    assert True in pane.filled


def test_a_recording_is_handed_over_when_the_window_closes(run):
    _, outputs = run("record", "step", "quit")

    assert len(outputs) == 1


def status(**changes):
    values = {
        "rate": 24.96,
        "inference_ms": 12.4,
        "origin": "inferred",
        "latency_ms": 30.6,
        "live": True,
        "dropped": 3,
        "made_by": "tiny on opencv:cpu:float32",
        "recording": False,
        "title": "numbers",
        "message": "",
        "source": SourceState("camera 0"),
    }
    return Status(**(values | changes))


def test_a_video_s_line_holds_pace_and_network():
    assert screen_lines(status(), View(), pictures=False) == [
        "25.0 frames/s  inference 12 ms  latency 31 ms  dropped 3",
        "tiny on opencv:cpu:float32",
    ]


def test_a_source_that_is_gone_comes_first_and_its_losses_stand_in_the_line():
    gone = SourceState("camera 0", "gone", retry_at=time.monotonic() - 1, reconnects=2, stalls=1)

    assert screen_lines(status(source=gone), View(), pictures=False) == [
        "camera 0 is gone, trying again in 1 s",
        "25.0 frames/s  inference 12 ms  latency 31 ms  dropped 3  2 reconnects, 1 stall",
        "tiny on opencv:cpu:float32",
    ]


def test_what_is_odd_about_the_pictures_is_shown():
    odd = SourceState("camera 0", notices=("the picture stands still",))

    assert screen_lines(status(source=odd), View(), pictures=False)[0] == "the picture stands still"


def test_a_greyed_picture_has_no_colour_and_half_the_brightness():
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:, :3] = 200
    picture[:, 3:] = (0, 0, 255)

    grey = greyed(picture)

    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 0] == grey[..., 2]).all()
    assert (grey[:, :3] == 100).all()
    assert 0 < grey[0, 5, 0] < 100
    assert (picture[:, :3] == 200).all()


class LostCamera(Camera):
    """A camera that is gone after its frames, or from the start; `try_again` begins to give frames once more."""

    def __init__(self, count):
        super().__init__(count, live=True)
        self.over = threading.Event()
        self.phase = "playing"

    @property
    def state(self):
        return SourceState("numbers", self.phase, retry_at=time.monotonic() + 3.5)

    def read(self):
        frame = super().read()
        if frame is None:
            self.phase = "gone"
            self.over.wait(HANGS_S)
        return frame


@pytest.mark.parametrize("count", [0, 3], ids=["missing at the start", "lost"])
def test_of_a_source_that_is_gone_the_last_picture_is_shown_grey_until_the_user_quits(make_stream, tmp_path, count):
    source = LostCamera(count)
    greys = []

    class Watching(Pane):
        def poll(self, wait_ms):
            return ["quit"] if greys else []

        def show(self, picture, buttons=()):
            super().show(picture, buttons)
            if source.phase == "gone" and (picture[..., 0] == picture[..., 2]).all():
                greys.append(picture)

    pane = Watching()
    pane.controls = controls_of_numbers(tmp_path)
    screen = WindowScreen(pane, pane.controls)

    run_job(Job(source, make_stream(), [], DEFAULT, screen), stop=threading.Event())

    source.over.set()
    assert greys[0].max() > 0


def test_a_picture_s_line_holds_no_pace_and_no_pause():
    assert screen_lines(status(), View(paused=True), pictures=True) == [
        "inference 12 ms",
        "tiny on opencv:cpu:float32",
    ]


@pytest.mark.parametrize(("origin", "mark"), [("carried", "12 ms (carried)"), ("kept", "12 ms (still)")])
def test_a_frame_that_was_not_inferred_is_marked(origin, mark):
    assert mark in screen_lines(status(origin=origin), View(), pictures=False)[0]


@pytest.mark.parametrize(
    ("changes", "view", "lines"),
    [
        ({}, {}, []),
        ({}, {"paused": True}, ["paused"]),
        ({"message": "switched"}, {}, ["switched"]),
        ({"recording": True}, {}, ["recording"]),
        ({"recording": True, "message": "switched"}, {"paused": True}, ["paused", "switched", "recording"]),
        ({}, {"help": True}, [f"{label}\t{text}" for label, text in help_rows()]),
    ],
)
def test_without_the_line_only_what_holds_now_is_shown(changes, view, lines):
    assert screen_lines(status(**changes), View(picture=PictureOptions(line=False), **view), pictures=False) == lines


@given(width=st.integers(1, 4000), height=st.integers(1, 4000))
def test_the_buttons_stand_beside_each_other_and_begin_inside_a_picture_of_any_size(width, height):
    segment, restart = picture_buttons(np.broadcast_to(np.uint8(0), (height, width, 3)))

    assert (segment.action, restart.action) == ("segment", "restart")
    assert segment.box[0] + segment.box[2] <= restart.box[0]
    assert segment.box[1:] == restart.box[1:]
    for button in (segment, restart):
        _, top, button_width, button_height = button.box
        assert button_width >= 1
        assert top + button_height <= height


def test_what_a_user_sees_is_drawn_over_a_copy_of_the_painted_picture():
    image = np.full((240, 320, 3), 90, np.uint8)
    painted = Painted(picture_frame(image), np.full((240, 320), 15, np.uint8), Pixels(image=image), VOC_CLASSES)
    look = look_of(DEFAULT, VOC_CLASSES)

    plain, with_line, with_list = (drawn_over(painted, *over) for over in [(None, []), (None, ["ready"]), (look, [])])

    assert (image == 90).all()
    assert (plain == 90).all()
    assert (with_line[:60, :160] != 90).any()
    assert (with_line[:, 160:] == 90).all()
    assert (with_list[:60, 160:] != 90).any()
    assert (with_list[:, :160] == 90).all()
