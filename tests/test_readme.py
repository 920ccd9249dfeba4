from pathlib import Path

from deeplab_cv.controls.keys import help_rows

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
