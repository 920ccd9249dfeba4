"""Who may import what (CONTRIBUTING.md): the rules hold, each turns red when it is broken, and starts are light."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.import_rules import HEAVY, ONLY, ROOMS, broken_rules, circle

ROOT = Path(__file__).parent.parent


def test_every_module_keeps_the_rules():
    assert broken_rules(ROOT / "deeplab_cv") == []


def test_no_modules_import_each_other_in_a_circle():
    assert circle(ROOT / "deeplab_cv") == []


def test_a_circle_is_found_also_inside_a_function(tmp_path):
    package = tmp_path / "deeplab_cv"
    package.mkdir()
    (package / "a.py").write_text("from deeplab_cv.b import name\n")
    (package / "b.py").write_text("import deeplab_cv.c\n")
    (package / "c.py").write_text("def later():\n    from deeplab_cv import a\n")

    assert set(circle(package)) == {f"deeplab_cv.{name}" for name in "abc"}


def broken_in(tmp_path, file, line):
    """What the rules say of a package whose only module says `line`."""
    path = tmp_path / "deeplab_cv" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{line}\n")
    return broken_rules(tmp_path / "deeplab_cv")


@pytest.mark.parametrize("place", range(len(ROOMS) - 1))
def test_a_room_that_imports_a_later_one_is_found_and_the_other_way_is_not(tmp_path, place):
    earlier, later = ROOMS[place], ROOMS[place + 1]

    assert broken_in(tmp_path / "up", f"{earlier}/a.py", f"import deeplab_cv.{later}.b")
    assert not [
        line
        for line in broken_in(tmp_path / "down", f"{later}/a.py", f"import deeplab_cv.{earlier}.b")
        if f"deeplab_cv.{earlier}" not in ONLY
    ]


@pytest.mark.parametrize("name", ONLY)
def test_a_package_is_refused_everywhere_but_in_its_files(tmp_path, name):
    assert broken_in(tmp_path / "wrong", "frames/a.py", f"import {name}") == [f"frames/a.py imports {name}"]
    for number, pattern in enumerate(ONLY[name]):
        file = pattern.replace("*/opening", "sources/opening").replace("*", "a.py")
        assert broken_in(tmp_path / str(number), file, f"import {name}") == []


@pytest.mark.parametrize(
    "line",
    [
        "import deeplab_cv.viewer.window",
        "from deeplab_cv.viewer.window import Window",
        "from deeplab_cv.viewer import window",
        "from deeplab_cv import viewer",
        "from ..viewer import window",
        "def later():\n    import deeplab_cv.viewer.window",
        "if TYPE_CHECKING:\n    from deeplab_cv.viewer.window import Window",
        'importlib.import_module("deeplab_cv.viewer.window")',
    ],
)
def test_a_forbidden_import_is_found_however_it_is_written(tmp_path, line):
    (broken,) = broken_in(tmp_path, "jobs/a.py", line)

    assert broken.startswith("jobs/a.py imports deeplab_cv.viewer")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("machine/a.py", "import deeplab_cv.frames.frame"),
        ("errors.py", "import deeplab_cv.machine.files"),
        ("tools/a.py", "import deeplab_cv.pytorch.export"),
        ("overlay/a.py", "import deeplab_cv.tools.repair"),
        ("engines/a.py", "import deeplab_cv.start"),
        ("commands/a.py", "import torch"),
        ("batch/pool.py", "import ray"),
        ("sinks/video.py", "from deeplab_cv.settings import Settings"),
    ],
)
def test_what_stands_beside_the_list_is_held_to_its_place(tmp_path, file, line):
    assert len(broken_in(tmp_path, file, line)) == 1


def test_a_module_outside_every_room_is_found(tmp_path):
    assert broken_in(tmp_path, "cellar/a.py", "") == ["cellar/a.py lies in no room of the tables"]


def modules_after(code):
    """Those of the heavy packages that are loaded once `code` has run, and what it printed."""
    program = f"import sys\n{code}\nprint(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stderr.split(), done.stdout


def test_importing_the_package_loads_nothing_heavy_and_leaves_the_environment_alone():
    loaded, printed = modules_after(
        "import os\nbefore = dict(os.environ)\nimport deeplab_cv\nprint(dict(os.environ) == before)"
    )

    assert loaded == []
    assert printed == "True\n"


def test_the_public_names_load_nothing_heavy_until_they_are_used():
    loaded, printed = modules_after("from deeplab_cv import Result, Segmenter, UserError\nprint(Segmenter.__name__)")

    assert loaded == []
    assert printed == "Segmenter\n"


def test_help_loads_nothing_heavy():
    loaded, printed = modules_after(
        "from deeplab_cv.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )

    assert loaded == []
    assert "--video" in printed
