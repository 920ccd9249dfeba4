import shutil
from fractions import Fraction
from pathlib import Path

import cv2

from deeplab_cv.controls.keys import help_rows
from tests.sinks.clips import write_clip

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_usage_page_shows_the_table_of_keys():
    usage = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    table = usage.split("<!-- keys -->")[1].split("<!-- /keys -->")[0].strip().splitlines()

    assert table == ["| key | what it does |", "|---|---|", *(f"| {label} | {text} |" for label, text in help_rows())]


def test_ci_calls_the_readme_s_own_command():
    commands = [line for line in README.splitlines() if line.startswith("python3 bootstrap.py")]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert commands == ["python3 bootstrap.py --demo", "python3 bootstrap.py --tests"]
    assert commands[1] in script


def test_the_readme_s_python_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    code = README.split("```python\n")[1].split("```")[0]
    shutil.copy(ROOT / "docs" / "demo.png", tmp_path / "dog.jpg")
    write_clip(tmp_path / "clip.mp4", [0, 1, 2], Fraction(1, 25))
    monkeypatch.chdir(tmp_path)

    exec(compile(code, "README.md", "exec"), {})

    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["0.0", "0.04", "0.08"]
    assert cv2.imread("painted.png").shape == cv2.imread(str(ROOT / "docs" / "demo.png")).shape
