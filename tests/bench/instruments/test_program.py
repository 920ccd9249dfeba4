import json

import pytest

from deeplab_cv.bench.instruments.program import main, run_program
from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.settings import settings_of
from tests.sources.clips import write_scenes
from tests.tiny_networks import tiny_network

FRAMES = 24


@pytest.fixture
def words(tmp_path):
    clip = write_scenes(tmp_path / "clip.mp4", FRAMES)
    (tmp_path / "network").mkdir()
    network = tiny_network(tmp_path / "network")
    return {
        "model": str(network),
        "backend": "opencv:cpu",
        "video": str(clip),
        "headless": True,
        "stats": str(tmp_path / "area.csv"),
    }


@pytest.mark.parametrize(("kind", "written"), [("plain", True), ("nothing", False)])
def test_a_file_is_run_to_its_end_and_written_only_where_that_is_measured(words, tmp_path, kind, written):
    run = run_program(settings_of(words), kind)

    # The first ten frames fill queues and caches.
    assert run.frames == FRAMES - 10
    assert run.dropped == 0
    assert run.engine.startswith("opencv:cpu")
    assert str(run.input_size) == "128x96"
    assert run.wall_s > 0
    assert (tmp_path / "area.csv").exists() == written


def test_half_of_a_short_run_is_counted(words):
    assert run_program(settings_of({**words, "end": 0.25}), "nothing").frames == 4


def test_a_stamped_run_gives_a_file_s_frames_as_a_camera_would(words, tmp_path):
    wide = write_scenes(tmp_path / "wide.mp4", 12, Size(480, 64))

    run = run_program(settings_of({**words, "video": str(wide)}), "stamped")

    assert 1 <= run.frames + run.dropped <= 12


def test_the_report_holds_what_was_measured(words, tmp_path):
    report = tmp_path / "report.json"
    asked = [word for key, value in words.items() if value is not True for word in (f"--{key}", value)]

    main([str(report), "nothing", *asked, "--headless"])

    facts = json.loads(report.read_text())
    assert facts["frames"] == FRAMES - 10
    assert facts["input_size"] == [128, 96]


def test_a_run_that_is_watched_leaves_its_outputs_and_no_report(words, tmp_path):
    wide = write_scenes(tmp_path / "wide.mp4", 12, Size(480, 64))
    asked = [
        word
        for key, value in {**words, "video": str(wide)}.items()
        if value is not True
        for word in (f"--{key}", value)
    ]

    main([str(tmp_path / "report.json"), "watched", *asked, "--headless"])

    assert (tmp_path / "area.csv").exists()
    assert not (tmp_path / "report.json").exists()


def test_an_unknown_kind_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="no such kind of run: fast; one of plain, nothing, live, stamped, watched"):
        main([str(tmp_path / "report.json"), "fast"])
