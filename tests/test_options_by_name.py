"""Options are given by name: who reads a call sees what each value is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "deeplab_cv"

IN_THEIR_USUAL_ORDER = {
    "frames/frame.py Area": "left, top, width, height, as every rectangle has them",
    "cli.py exit": "argparse's own",
    "pytorch/exporting/golden.py __torch_function__": "PyTorch's own",
}
"""What takes several options by their place, and why."""


def options_by_place(node: ast.AST) -> list[str]:
    """The options that a public function or dataclass takes by their place; one alone needs no name."""
    match node:
        case ast.FunctionDef(name=name, args=arguments) if not name.startswith("_") or name.startswith("__"):
            options = arguments.args[len(arguments.args) - len(arguments.defaults) :]
            return [option.arg for option in options]
        case ast.ClassDef(decorator_list=[decorator]) if "dataclass" in ast.unparse(decorator):
            return [] if "kw_only=True" in ast.unparse(decorator) else list(_fields_with_a_default(node))
    return []


def _fields_with_a_default(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.AnnAssign):
            if ast.unparse(each.annotation) == "KW_ONLY":
                return
            if each.value is not None:
                yield ast.unparse(each.target)


def test_several_options_are_given_by_name():
    several = {
        f"{path.relative_to(PACKAGE).as_posix()} {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if len(options_by_place(node)) > 1
    }

    assert several == IN_THEIR_USUAL_ORDER.keys()


def test_an_option_by_its_place_is_found():
    function, positional, named = (
        ast.parse(text).body[0]
        for text in (
            "def paint(picture, alpha=0.5, style='blend', *, line=True): ...",
            "@dataclass\nclass Look:\n    style: str\n    alpha: float = 0.5\n    line: bool = True",
            "@dataclass\nclass Look:\n    style: str\n    _: KW_ONLY\n    alpha: float = 0.5\n    line: bool = True",
        )
    )

    assert options_by_place(function) == ["alpha", "style"]
    assert options_by_place(positional) == ["alpha", "line"]
    assert options_by_place(named) == []
