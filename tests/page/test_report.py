import json
import time
from dataclasses import replace

import numpy as np
import pytest

from deeplab_cv.controls.keys import help_rows
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View
from deeplab_cv.page.report import Metric, controls_table, metrics_of, prometheus_text, state_json
from deeplab_cv.sources.state import SourceState
from tests.page.serving import SIZE, STATUS, run_state, shown


def class_of(name, state):
    return next(each for each in state_json(state)["classes"] if each["name"] == name)


def test_a_run_that_has_not_begun_says_so():
    assert state_json(None)["progress"] == "starting"
    assert state_json(run_state(status=None, shown=None, progress="loading"))["progress"] == "loading"


def test_the_state_is_json_whatever_it_holds():
    for state in (None, run_state(), run_state(status=None, shown=None)):
        assert json.loads(json.dumps(state_json(state))) == state_json(state)


def test_figures_are_those_of_the_window_s_line():
    running = state_json(run_state(status=replace(STATUS, recording=True, message="saved")))["running"]

    assert (running["rate"], running["inference_ms"], running["dropped"]) == (29.97, 8.0, 3)
    assert running["made_by"] == STATUS.made_by
    assert running["recording"] and running["message"] == "saved"


def test_each_class_has_its_colour_its_share_and_its_key():
    person, cat = class_of("person", run_state()), class_of("cat", run_state())

    assert person == {"name": "person", "key": 1, "on": True, "colour": "#ff0000", "share": 0.5}
    assert (cat["key"], cat["on"], cat["share"]) == (None, False, 0)


def test_a_hidden_class_keeps_its_key():
    person = class_of("person", run_state(view=View(hidden=frozenset({"person"}))))

    assert (person["key"], person["on"]) == (1, False)


def test_a_class_in_another_colour_is_told_in_it():
    view = View(picture=PictureOptions(paint={"cat": (1, 2, 255)}))

    assert class_of("cat", run_state(view=view))["colour"] == "#0102ff"


def test_the_background_is_no_class_to_choose():
    state = run_state(shown=shown(np.zeros((48, 64), np.uint8)))

    assert "background" not in [each["name"] for each in state_json(state)["classes"]]


def test_the_table_of_controls_has_every_row_of_the_help():
    assert [(row["label"], row["text"]) for row in controls_table()["rows"]] == help_rows()


def test_metrics_are_written_as_prometheus_reads_them():
    text = prometheus_text([Metric("viewers", "gauge", "Who watches.", {'way="mse"': 2, 'way="jpeg"': 0})])

    assert text.splitlines() == [
        "# HELP deeplab_cv_viewers Who watches.",
        "# TYPE deeplab_cv_viewers gauge",
        'deeplab_cv_viewers{way="mse"} 2',
        'deeplab_cv_viewers{way="jpeg"} 0',
    ]


def test_a_run_before_its_first_frame_has_the_source_s_metrics_alone():
    assert metrics_of(None) == []
    assert {metric.name.split("_")[0] for metric in metrics_of(run_state(status=None))} == {"source"}


def test_a_source_that_is_gone_is_told_in_the_window_s_words():
    gone = SourceState("camera 0", "gone", reason="unplugged", retry_at=time.monotonic() + 3.5, reconnects=2)
    source = state_json(run_state(source_state=gone))["source"]

    assert (source["phase"], source["reason"], source["reconnects"]) == ("gone", "unplugged", 2)
    assert source["line"] == "camera 0 is gone, trying again in 4 s"


@pytest.mark.parametrize("name", ["frames_a_second", "latency_seconds", "frames_dropped_total"])
def test_the_run_s_figures_are_among_the_metrics(name):
    assert name in [metric.name for metric in metrics_of(run_state())]


def test_while_nobody_looks_the_frame_is_the_source_s_newest_and_no_share_is_known():
    passed = replace(shown().scored.frame, index=99, pts=3_300_000)
    said = state_json(run_state(passed=passed, status=replace(STATUS, rate=0.0)))

    assert (said["inferring"], said["running"]["frame"], said["running"]["time_s"]) == (False, 99, 3.3)
    assert {each["share"] for each in said["classes"]} == {None}
    assert state_json(run_state())["inferring"]


def test_metrics_say_whether_anything_is_inferred():
    def inferring(state):
        return next(metric.values['source="camera-0"'] for metric in metrics_of(state) if metric.name == "inferring")

    assert inferring(run_state()) == 1
    assert inferring(run_state(passed=shown().scored.frame)) == 0


def of_two_sources(**changes):
    other = run_state(label="stream-1", shown=shown(np.zeros(SIZE.hw, np.uint8)))
    return run_state(sources=(run_state(), other), **changes)


def test_each_of_several_sources_is_told_with_its_figures_and_its_place_in_the_grid():
    told = state_json(of_two_sources())

    assert [(each["label"], each["rate"], each["phase"]) for each in told["sources"]] == [
        ("camera-0", 29.97, "playing"),
        ("stream-1", 29.97, "playing"),
    ]
    assert [each["box"][:2] for each in told["sources"]] == [[0.0, 0.0], [0.5, 0.0]]
    assert told["alone"] is None


def test_a_source_that_goes_by_unseen_has_no_rate_and_no_latency():
    (told,) = state_json(run_state(passed=shown().scored.frame))["sources"]

    assert (told["phase"], told["rate"], told["latency_ms"]) == ("playing", None, None)


def test_one_source_is_a_list_of_one():
    assert [each["label"] for each in state_json(run_state())["sources"]] == ["camera-0"]


def test_a_source_that_is_over_says_why():
    (told,) = state_json(run_state(over="it has ended"))["sources"]

    assert (told["phase"], told["line"], told["rate"]) == ("over", "it has ended", None)


def test_a_class_s_share_is_that_of_the_grid_or_of_the_one_that_is_shown_alone():
    assert class_of("person", of_two_sources())["share"] == pytest.approx(0.25, abs=0.02)
    assert class_of("person", of_two_sources(alone=0))["share"] == pytest.approx(0.5, abs=0.02)


def test_each_figure_of_the_metrics_has_the_source_it_is_of():
    lines = prometheus_text(metrics_of(of_two_sources())).splitlines()

    assert 'deeplab_cv_frames_a_second{source="camera-0"} 29.97' in lines
    assert 'deeplab_cv_source_playing{source="stream-1"} 1' in lines
    assert 'deeplab_cv_frames_a_second{source="camera-0"} 29.97' in prometheus_text(metrics_of(run_state()))
    assert len([line for line in lines if line.startswith("# TYPE deeplab_cv_frames_a_second")]) == 1
