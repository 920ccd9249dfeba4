"""Settings -> several jobs, without a process of their own."""

import json
import threading

import numpy as np
import pytest

from deeplab_cv.errors import EngineError, SettingsError, SourceError, UsageError
from deeplab_cv.jobs.several import run_jobs
from deeplab_cv.settings import settings_of
from deeplab_cv.start_several import assembled_several
from deeplab_cv.viewer.grid import cell_view
from tests.sources.clips import write_scenes
from tests.tiny_networks import tiny_network


@pytest.fixture
def words(tmp_path):
    folder = tmp_path / "network"
    folder.mkdir()
    clips = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for count, clip in enumerate(clips, 5):
        write_scenes(clip, count)
    values = {"model": str(tiny_network(folder)), "backend": "opencv", "headless": True}
    return {**values, "video": [str(clip) for clip in clips], "stats": str(tmp_path / "area-{source}.csv")}


def run(several):
    return run_jobs(several.jobs, stop=threading.Event(), progress=lambda: None, over=lambda outcome: None)


def test_each_source_has_its_outputs_and_all_have_one_set_of_engines(words, tmp_path):
    with assembled_several(settings_of(words)) as several:
        engines = {id(named.job.stream.engines) for named in several.jobs}
        outcomes = run(several)

    assert [(outcome.label, outcome.frames) for outcome in outcomes] == [("video-0", 5), ("video-1", 6)]
    assert len(engines) == 1
    assert several.frame_count == 11
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["area-video-0.csv", "area-video-1.csv"]


def test_each_source_s_events_are_recorded_under_its_name(words, tmp_path):
    folder = tmp_path / "recordings"

    with assembled_several(settings_of({**words, "record_to": str(folder)})) as several:
        run(several)

    records = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    assert [record["frames"] for record in records] == [5, 6]
    assert [record["file"].split("-recording")[0] for record in records] == ["video-0", "video-1"]


def test_runs_that_are_never_begun_give_their_engines_back(words):
    with assembled_several(settings_of(words)) as several:
        job = several.jobs[0].job
        loaded = job.stream.engines.load(job.source.info.size)

    with pytest.raises(EngineError, match="closed"):
        loaded.shared.submit(np.zeros((1, 3, *loaded.input_size.hw), np.float32))


def test_a_source_that_cannot_be_opened_is_said_and_the_others_run(words, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")

    with assembled_several(settings_of({**words, "video": [words["video"][0], str(broken)]})) as several:
        outcomes = run(several)

    assert [outcome.label for outcome in outcomes] == ["video-0"]
    assert [(outcome.label, type(outcome.error)) for outcome in several.failed] == [("video-1", SourceError)]


def test_a_source_that_cannot_be_opened_has_its_place_among_those_that_are_shown(words, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    values = {**words, "serve": "0", "video": [str(broken), words["video"][0]]}

    with assembled_several(settings_of(values)) as several:
        missing, there = several.overview.panels

    assert [missing.label, there.label] == ["video-0", "video-1"]
    assert "broken.mp4" in missing.over and not there.over
    assert "broken.mp4" in " ".join(cell_view(missing).lines)
    assert [named.label for named in several.jobs] == ["video-1"]


def test_where_no_source_can_be_opened_the_first_error_is_raised(words, tmp_path):
    gone = [str(tmp_path / name) for name in ("gone-1.mp4", "gone-2.mp4")]

    with pytest.raises(SourceError, match="gone-1"), assembled_several(settings_of({**words, "video": gone})):
        pass


def test_a_part_of_a_video_is_not_asked_of_the_pattern_beside_it(words):
    values = {**words, "video": words["video"][0], "pattern": 1, "start": 0.1, "end": 0.2}

    with assembled_several(settings_of({**values, "width": 64, "height": 48})) as several:
        outcomes = run(several)

    assert [outcome.label for outcome in outcomes] == ["video-0", "pattern-1"]
    assert all(outcome.frames for outcome in outcomes)


@pytest.mark.parametrize(
    ("change", "error", "problem"),
    [
        ({"stats": "area.csv"}, UsageError, "{source}"),
        ({"paint": {"unicorn": (1, 2, 3)}}, SettingsError, "unicorn"),
        ({"stats": "nowhere/{source}.csv"}, Exception, "no such folder"),
        ({"loop": True, "camera": "0", "video": "tcp://127.0.0.1:1"}, UsageError, "--loop"),
    ],
)
def test_what_is_wrong_for_all_is_said_before_anything_is_written(words, tmp_path, change, error, problem):
    with pytest.raises(error, match=problem), assembled_several(settings_of({**words, **change})):
        pass

    assert not list(tmp_path.glob("*.csv"))


def test_no_output_may_replace_any_of_the_sources(words, tmp_path):
    write_scenes(tmp_path / "out-video-0.mp4", 3)
    values = {**words, "video": [*words["video"], str(tmp_path / "out-video-0.mp4")]}

    with (
        pytest.raises(UsageError, match="the output is the input"),
        assembled_several(settings_of({**values, "out": str(tmp_path / "out-{source}.mp4")})),
    ):
        pass
