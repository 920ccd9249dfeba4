import ast
import sys
from pathlib import Path

import pytest

from deeplab_cv.machine.program import program

PACKAGE = Path(__file__).parents[2] / "deeplab_cv"


@pytest.mark.parametrize(
    ("started", "shown"),
    [
        ("/somewhere/app.py", "app.py"),
        ("/usr/bin/deeplab-cv", "deeplab-cv"),
        ("deeplab-cv.exe", "deeplab-cv"),
        ("/lib/deeplab_cv/__main__.py", "python -m deeplab_cv"),
        ("my_script.py", "app.py"),
    ],
)
def test_the_program_is_named_as_it_was_started(started, shown, monkeypatch):
    monkeypatch.setattr(sys, "argv", [started])

    assert program() == shown


def test_an_installed_program_in_somebody_s_script_has_its_command_s_name(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["my_script.py"])
    monkeypatch.setattr("deeplab_cv.machine.program.cloned", lambda: False)

    assert program() == "deeplab-cv"


def test_no_message_names_the_program_otherwise():
    # A card's, a training's and config.yaml's own texts stay the same however the program was started.
    same_for_all = {"commands/export.py", "commands/repair.py", "commands/train.py", "settings.py"}
    files = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}

    named = [
        f"{name}: {text}"
        for name, code in files.items()
        for text in _texts_but_docstrings(ast.parse(code))
        if "app.py " in text and name not in same_for_all
    ]

    assert named == []


def _texts_but_docstrings(tree):
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return [node.value for node in constants if isinstance(node.value, str)]
