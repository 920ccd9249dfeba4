import json

import pytest
from rich.console import Console

from deeplab_cv.bench import Measurement
from deeplab_cv.bench.instruments.turns import Spread
from deeplab_cv.bench.report import print_part, report_of, write_report
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import SinkError
from tests.bench.plans import plan_of

LABELS = Measurement(
    "labels",
    "a title",
    (
        {
            "frame": "1280x720",
            "classes": 21,
            "ours": Spread(2.5, 2.0, 3.0),
            "upsample, argmax": Spread(160.0, 150.0, 170.0),
            "times faster": 64.0,
            "identical": None,
        },
    ),
    ("a remark",),
)


@pytest.fixture
def plan(tmp_path):
    return plan_of(tmp_path / "clip.mp4", engine=EngineOptions(threads=2))


def test_the_json_holds_machine_versions_settings_and_every_part(plan, tmp_path):
    file = tmp_path / "bench.json"

    write_report(file, report_of([LABELS], plan))

    report = json.loads(file.read_text())
    assert report["machine"]["cores"] >= 1
    assert "numpy" in report["versions"]
    assert report["settings"] == {
        "clip": "clip.mp4",
        "heights": [720],
        "rounds": 3,
        "memory_frames": 1000,
        "threads": 2,
    }
    (row,) = report["parts"]["labels"]["rows"]
    assert row["ours"] == {"median": 2.5, "low": 2.0, "high": 3.0}
    assert row["identical"] is None
    assert report["parts"]["labels"]["remarks"] == ["a remark"]
    assert list(tmp_path.iterdir()) == [file]


def test_a_table_shows_every_figure_and_remark(capsys):
    print_part(Console(width=120), LABELS)

    output = capsys.readouterr().out
    for text in ("a title", "1280x720", "2.50 (2.00..3.00)", "160 (150..170)", "64.0", "a remark"):
        assert text in output


def test_a_folder_that_is_missing_is_said(plan, tmp_path):
    with pytest.raises(SinkError, match="cannot write the figures"):
        write_report(tmp_path / "missing" / "bench.json", report_of([LABELS], plan))
