import sys

import pytest

from deeplab_cv.bench.plots import write_plots
from deeplab_cv.errors import SinkError, UsageError


def spread(median):
    return {"median": median, "low": median / 2, "high": median * 2}


ROWS = {
    "engines": [
        {"network": "lite", "engine": "opencv:cpu", "input": "512x288", "frames/s": 30.0},
        {"network": "lite", "engine": "openvino:cpu", "input": "512x288", "frames/s": 90.0},
        {"network": "lite", "engine": "openvino:cpu", "input": "384x384", "frames/s": 80.0},
        {"network": "another", "engine": "opencv:cpu", "input": "512x288", "frames/s": 3.0},
    ],
    "stages": [
        {"frame": "1280x720", "stage": "decode", "processor ms": spread(3.0)},
        {"frame": "1280x720", "stage": "infer", "processor ms": spread(20.0)},
        {"frame": "640x480", "stage": "decode", "processor ms": spread(1.0)},
        {"frame": "640x480", "stage": "all but infer", "processor ms": 1.0},
    ],
    "end-to-end": [
        {"route": "file to file", "frame": "1280x720", "wall ms": spread(25.0), "floor ms": 20.0, "floor : wall": 0.8},
        {"route": "live", "frame": "1280x720", "wall ms": spread(40.0), "floor ms": 20.0, "floor : wall": None},
    ],
    "labels": [{"frame": "1280x720", "classes": 21, "ours": spread(2.5), "upsample, argmax": spread(160.0)}],
    "peers": [{"program": "ours", "network": "lite", "frames/s": spread(50.0)}],
}


def report_of(*names, rows=ROWS):
    return {"parts": {name: {"rows": rows[name]} for name in names}}


class TestWithMatplotlib:
    @pytest.fixture(autouse=True)
    def matplotlib(self):
        pytest.importorskip("matplotlib", reason="matplotlib is not installed (requirements-bench.txt)")

    def test_each_part_that_has_a_picture_becomes_a_png(self, tmp_path):
        files = write_plots(tmp_path, report_of(*ROWS))

        assert [file.name for file in files] == [f"bench-{name}.png" for name in ROWS]
        assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)

    def test_a_part_without_a_picture_or_without_a_row_has_none(self, tmp_path):
        report = report_of("stages", "labels", rows={**ROWS, "stages": []})
        report["parts"]["memory"] = {"rows": [{"seconds": 1}]}

        assert [file.name for file in write_plots(tmp_path, report)] == ["bench-labels.png"]

    @pytest.mark.parametrize("name", ["stages", "end-to-end"])
    def test_figures_without_a_spread_or_a_floor_are_left_out(self, tmp_path, monkeypatch, name):
        from matplotlib.figure import Figure

        drawn = []
        monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure.axes[0]))

        write_plots(tmp_path, report_of(name))

        [axes] = drawn
        assert len(axes.patches) == {"stages": 3, "end-to-end": 2}[name]

    def test_a_folder_that_is_missing_is_said(self, tmp_path):
        with pytest.raises(SinkError, match="cannot write the plot"):
            write_plots(tmp_path / "gone", report_of("labels"))


def test_without_matplotlib_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(UsageError, match=r"plots need a package that is missing: matplotlib; pip install"):
        write_plots(tmp_path, report_of("labels"))
