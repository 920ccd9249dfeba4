"""The window, driven as a person would: every key of the table does what the table says."""

import signal
import time
from pathlib import Path

import av
import numpy as np
import pytest

from deeplab_cv.overlay.options import STYLES
from tests.endless_networks import endless_network
from tests.screen import Program, need_screen, virtual_screen
from tests.tiny_networks import tiny_network
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def display():
    need_screen()
    with virtual_screen() as name:
        yield name


@pytest.fixture
def open_program(display, tmp_path, monkeypatch):
    network_folder = tmp_path / "network"
    network_folder.mkdir()
    network = tiny_network(network_folder)
    folder = tmp_path / "here"
    folder.mkdir()
    programs = []

    def start(*words, backend="opencv", network=network):
        programs.append(Program(display, folder, "--model", str(network), "--backend", backend, *words))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()


@pytest.fixture
def program(open_program):
    return open_program("--pattern", "--width", "320", "--height", "240")


@pytest.fixture
def picture(tmp_path):
    import cv2

    image = np.full((480, 640, 3), 128, np.uint8)
    image[120:360, 80:280], image[120:360, 360:560] = (0, 0, 255), (255, 0, 0)
    path = tmp_path / "squares.png"
    cv2.imwrite(str(path), image)
    return str(path)


@pytest.mark.parametrize("way", ["q", "Escape", "cross", "ctrl-c"])
def test_the_window_closes(program, way):
    if way == "cross":
        pytest.importorskip("Xlib", reason="python-xlib not installed: no cross can be clicked")
        program.click_its_cross()
    elif way == "ctrl-c":
        program.process.send_signal(signal.SIGINT)
    else:
        program.keys(way)

    assert program.wait() == (130 if way == "ctrl-c" else 0)


@pytest.mark.parametrize("way", ["q", "ctrl-c"])
def test_the_window_shows_the_source_and_closes_while_an_engine_is_loaded(open_program, tmp_path, user_cache, way):
    # The engine's proof never ends: what is on the screen comes before it.
    program = open_program("--pattern", network=endless_network(tmp_path), backend="onnxruntime")
    first = program.screenshot()
    wait_for(lambda: (program.screenshot() != first).any())
    if way == "q":
        program.keys("q")
    else:
        program.process.send_signal(signal.SIGINT)

    assert program.wait() == (0 if way == "q" else 130)
    assert not list(user_cache.rglob("engines/*.json"))


def test_space_pauses_and_goes_on(program):
    program.keys("space")
    first, second = program.snapshot(), program.snapshot()
    program.keys("space")
    third = program.snapshot()

    assert first["frame"] == second["frame"]
    assert third["frame"] > second["frame"]


def test_the_step_key_takes_one_frame(program):
    program.keys("space")
    before = program.snapshot()
    program.keys("period")
    after = program.snapshot()
    still = program.snapshot()

    assert after["frame"] > before["frame"]
    assert still["frame"] == after["frame"]


def test_view_keys_change_what_a_snapshot_tells(program):
    begin = program.snapshot()
    program.keys("v", "plus", "plus", "m", "0")
    after = program.snapshot()
    program.keys("minus", "m", "0", "1", "3")
    last = program.snapshot()

    assert (begin["style"], begin["alpha"], begin["smooth"], begin["overlay"]) == ("blend", 0.5, 0.6, True)
    assert begin["painted"] == ["person", "dog", "sheep"]
    assert (after["style"], after["alpha"], after["smooth"]) == (STYLES[1], 0.7, 0.0)
    assert len(after["painted"]) == 20
    assert (last["alpha"], last["smooth"], last["painted"]) == (0.6, 0.6, ["dog"])


def test_the_style_key_shows_every_style(program):
    styles = []
    for _ in STYLES:
        styles.append(program.snapshot()["style"])
        program.keys("v")

    assert tuple(styles) == STYLES


def test_the_overlay_key_shows_the_plain_picture(open_program, picture):
    program = open_program("--video", moving(picture), "--loop")
    painted = program.snapshot()
    program.keys("o")
    plain = program.snapshot()

    assert painted["picture"][240, 180].tolist() != plain["picture"][240, 180].tolist()
    assert plain["picture"][240, 180] == pytest.approx((255, 0, 0), abs=12)
    assert plain["mask"][240, 180] == 15


def moving(picture):
    """A short video of one picture."""
    import cv2

    path = picture.replace(".png", ".mp4")
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        image = cv2.imread(picture)
        for _ in range(50):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("key", ["i", "l", "h"])
def test_keys_for_text_change_the_screen_and_not_the_snapshot(open_program, picture, key):
    program = open_program("--video", moving(picture), "--loop")
    program.keys("space")
    before = wait_for_still_screen(program)
    program.keys(key)
    wait_for(lambda: (program.screenshot() != before).any())
    with_key = program.snapshot()["picture"]
    program.keys(key)
    without_key = program.snapshot()["picture"]

    assert (with_key == without_key).all()


def wait_for_still_screen(program):
    """The screen once it has stopped changing."""

    def still():
        first = program.screenshot()
        time.sleep(0.5)
        return first if (first == program.screenshot()).all() else None

    # An array has no truth of its own.
    return wait_for(lambda: (screen := still()) is not None and [screen])[0]


def test_ten_backend_switches_while_frames_flow(open_program):
    program = open_program("--pattern", "--width", "320", "--height", "240", backend="opencv:cpu")
    last = program.snapshot()
    for _ in range(10):
        program.keys("b")
        made_by = last["made_by"]

        def switched(made_by=made_by):
            facts = program.snapshot()
            return facts if facts["made_by"] != made_by else None

        facts = wait_for(switched)
        assert facts["frame"] > last["frame"]
        last = facts
    program.keys("q")

    assert program.wait() == 0


def record_frames(program):
    """Begin a recording and wait until frames have come since."""
    program.snapshot()
    program.keys("w")
    begun = program.snapshot()["frame"]
    wait_for(lambda: program.snapshot()["frame"] > begun + 1)


def test_the_record_key_writes_a_whole_video(program):
    record_frames(program)
    program.keys("w")
    (path,) = wait_for(lambda: list(program.folder.glob("recording-*.mp4")))

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) > 1


def test_a_recording_is_finished_when_the_window_closes(program):
    record_frames(program)
    program.keys("q")

    assert program.wait() == 0
    (path,) = program.folder.glob("recording-*.mp4")
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) > 1


def test_in_the_tutorial_a_picture_waits_for_segment_and_begins_again_with_restart(open_program, picture):
    program = open_program("--image", picture, "--tutorial")
    plain = program.snapshot()
    program.keys("s")
    segmented = program.snapshot()
    program.keys("r")
    again = program.snapshot()

    assert not plain["overlay"]
    assert (plain["picture"][240, 180] == (255, 0, 0)).all()
    assert segmented["overlay"]
    assert segmented["mask"][240, 180] == 15
    assert segmented["mask"][240, 460] == 17
    assert not again["overlay"]


def test_the_buttons_of_a_picture_can_be_clicked(open_program, picture):
    program = open_program("--image", picture, "--tutorial")
    assert not program.snapshot()["overlay"]
    program.click(*middle_of_button(0))
    segmented = program.snapshot()
    program.click(*middle_of_button(1))

    assert segmented["overlay"]
    assert not program.snapshot()["overlay"]


def test_the_arrows_leaf_through_a_folder_and_the_title_says_where(open_program, picture):
    import cv2

    folder = Path(picture).parent / "pictures"
    folder.mkdir()
    for name, size in (("1.png", (480, 640)), ("2.png", (300, 200))):
        cv2.imwrite(str(folder / name), np.full((*size, 3), 128, np.uint8))
    program = open_program("--image", str(folder))
    first = program.snapshot()
    program.keys("Right")
    wait_for(lambda: program.title() == "deeplab-cv: 2 of 2: 2.png")
    second = program.snapshot()
    program.keys("Left")
    wait_for(lambda: program.title() == "deeplab-cv: 1 of 2: 1.png")
    back = program.snapshot()

    assert first["overlay"]
    assert [Path(facts["source"]).name for facts in (first, second, back)] == ["1.png", "2.png", "1.png"]


def middle_of_button(place):
    """Where a button of a 640x480 picture lies on the screen: the window stands in the upper left corner."""
    from deeplab_cv.viewer.screen import picture_buttons

    left, top, width, height = picture_buttons(np.zeros((480, 640, 3), np.uint8))[place].box
    return left + width // 2, top + height // 2
