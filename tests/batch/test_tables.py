"""Parquet in and out."""

import builtins
from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.batch import tables
from deeplab_cv.batch.inputs import COLUMNS, find_inputs
from deeplab_cv.batch.naming import Names
from deeplab_cv.batch.tables import ParquetSink, check_parquet, paths_in_parquet
from deeplab_cv.errors import UsageError
from deeplab_cv.frames.frame import Frame, Painted
from deeplab_cv.frames.pixels import Pixels
from tests.batch.jobs import clip, picture, plan_for, run_job


@pytest.fixture
def parquet():
    return pytest.importorskip("pyarrow.parquet", reason="requirements-batch.txt is not installed")


def painted(labels, index=0):
    pixels = Pixels(image=np.zeros((*labels.shape, 3), np.uint8))
    return Painted(Frame(pixels, index, index, Fraction(1, 25), 0.0), labels, pixels, ("background", "person", "dog"))


def test_a_row_for_each_class_that_a_frame_shows(parquet, tmp_path):
    sink = ParquetSink(tmp_path / "a.parquet", "in/a.mp4", has_time=True)
    sink.write(painted(np.array([[0, 0, 0, 2]], np.uint8)))
    sink.write(painted(np.array([[1, 1, 1, 1]], np.uint8), index=1))

    assert sink.finish().frames == 2
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == [
        {"file": "in/a.mp4", "frame": 0, "time": 0.0, "class": "background", "share": 0.75},
        {"file": "in/a.mp4", "frame": 0, "time": 0.0, "class": "dog", "share": 0.25},
        {"file": "in/a.mp4", "frame": 1, "time": 0.04, "class": "person", "share": 1.0},
    ]


def test_memory_stays_flat_over_many_frames(parquet, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_FRAMES_AT_ONCE", 2)
    sink = ParquetSink(tmp_path / "a.parquet", "a", has_time=True)
    for index in range(5):
        sink.write(painted(np.zeros((2, 2), np.uint8), index))
    sink.finish()

    assert parquet.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    assert parquet.read_table(tmp_path / "a.parquet")["frame"].to_pylist() == [0, 1, 2, 3, 4]


def test_a_whole_job_is_read_as_one_table(parquet, network, tmp_path):
    picture(tmp_path / "in" / "a.png")
    clip(tmp_path / "in" / "deep" / "b.mp4", frames=3)

    run_job(plan_for(network, tmp_path / "out", forms=("stats",)), [tmp_path / "in"])

    rows = parquet.read_table(tmp_path / "out" / "stats").to_pylist()
    assert {(row["file"], row["frame"], row["time"]) for row in rows} == {
        (str(tmp_path / "in" / "a.png"), 0, None),
        *((str(tmp_path / "in" / "deep" / "b.mp4"), frame, frame / 25) for frame in range(3)),
    }
    assert {row["class"] for row in rows} == {"person"}


@pytest.mark.parametrize("column", ["path", "URL", "anything"])
def test_a_column_of_paths_is_a_list(parquet, tmp_path, column):
    arrow = pytest.importorskip("pyarrow", reason="requirements-batch.txt is not installed")
    picture(tmp_path / "a.png")
    parquet.write_table(arrow.table({column: [str(tmp_path / "a.png"), None]}), tmp_path / "list.parquet")

    assert paths_in_parquet(tmp_path / "list.parquet", COLUMNS) == [str(tmp_path / "a.png")]
    assert [item.name for item in find_inputs([str(tmp_path / "list.parquet")], (), Names()).items] == ["a.png"]


def test_a_list_that_is_no_parquet_is_one_line(parquet, tmp_path):
    (tmp_path / "list.parquet").write_bytes(b"no parquet at all")

    with pytest.raises(UsageError, match="cannot read the list"):
        find_inputs([str(tmp_path / "list.parquet")], (), Names())


def test_without_pyarrow_it_is_one_line_that_says_how_to_get_it(monkeypatch):
    really_import = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return really_import(name, *args, **kwargs)

    monkeypatch.setattr(tables.importlib, "import_module", without)

    with pytest.raises(UsageError, match=r"requirements-batch\.txt"):
        check_parquet()
