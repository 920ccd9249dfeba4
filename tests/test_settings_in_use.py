"""Of what config.yaml says, a run takes what it has a use for; a flag that it has no use for is refused elsewhere."""

import argparse

import pytest

from deeplab_cv.settings import add_settings_arguments, by_name, load_settings
from deeplab_cv.settings_in_use import settings_in_use

EVENTS = """
record_when: person
record_to: recordings
record_limit: 10GB
on_event: http://localhost:8123/
pre_roll: 3
"""


def in_use(tmp_path, text, *words):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    parser = argparse.ArgumentParser()
    add_settings_arguments(parser)
    return by_name(settings_in_use(load_settings(parser.parse_args(words), file)))


def test_pictures_leave_a_file_s_events_alone(tmp_path):
    used = in_use(tmp_path, EVENTS, "--image", "a.jpg")

    assert (used["record_when"], used["record_to"], used["record_limit"], used["on_event"]) == (None,) * 4
    assert used["pre_roll"] == 5.0


def test_what_moves_has_them(tmp_path):
    used = in_use(tmp_path, EVENTS, "--video", "a.mp4")

    assert (used["record_when"], used["on_event"], used["pre_roll"]) == ("person", "http://localhost:8123/", 3.0)


def test_a_flag_stands_whether_or_not_there_is_a_use_for_it(tmp_path):
    used = in_use(tmp_path, EVENTS, "--image", "a.jpg", "--record-when", "dog", "--retry", "3")

    assert (used["record_when"], used["record_to"], used["retry"]) == ("dog", None, 3)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("retry: 5", ["--image", "a.jpg"]),
        ("retry: 5", ["--video", "a.mp4"]),
        ("retry: 5", ["--pattern", "--video", "a.mp4"]),
        ("loop: true", ["--camera", "0"]),
        ("loop: true", ["--video", "rtsp://host/1"]),
        ("start: 5", ["--camera", "0"]),
        ("end: 5", ["--image", "a.jpg"]),
        ("tutorial: true", ["--camera", "0"]),
        ("tutorial: true", ["--image", "a.jpg", "--out", "b.png"]),
        ("virtual_camera: true", ["--image", "a.jpg"]),
        ("out: rtmp://host/live", ["--image", "a.jpg"]),
        ("crf: 20", ["--camera", "0", "--out", "rtmp://host/live"]),
        ("codec: hevc", ["--camera", "0", "--out", "udp://host:1"]),
        ("preset: slow", ["--camera", "0", "--out", "rtsp://host/1"]),
        ("record_limit: 10GB", ["--camera", "0"]),
        ("record_age: 30d", ["--camera", "0"]),
        ("record_free: 5GB", ["--demo"]),
        ("on_event: http://localhost/", ["--pattern"]),
    ],
)
def test_what_a_run_has_no_use_for_is_as_if_the_file_did_not_say_it(tmp_path, line, words):
    assert in_use(tmp_path, line, *words) == in_use(tmp_path, "", *words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("retry: 5", ["--pattern", "--camera", "0"]),
        ("loop: true", ["--image", "a.jpg"]),
        ("end: 5", ["--video", "rtsp://host/1"]),
        ("tutorial: true", ["--image", "a.jpg"]),
        ("virtual_camera: true", ["--camera", "0"]),
        ("out: out/", ["--image", "a.jpg"]),
        ("crf: 20", ["--camera", "0", "--out", "a.mp4"]),
        ("record_limit: 10GB", ["--camera", "0", "--record-to", "x"]),
    ],
)
def test_what_it_has_a_use_for_holds(tmp_path, line, words):
    assert in_use(tmp_path, line, *words) != in_use(tmp_path, "", *words)
