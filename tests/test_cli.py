import re
import subprocess
import sys
from pathlib import Path

import pytest

from deeplab_cv.cli import COMMANDS, WORKSHOP, main

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", ["export deeplabv3_lite --random", "verify models/deeplabv3_lite.onnx"])
def test_a_command_of_the_workshop_without_its_packages_says_what_to_install(command: str) -> None:
    program = "import sys; sys.modules['torch'] = None; from deeplab_cv.cli import main; sys.exit(main(sys.argv[1:]))"

    ended = subprocess.run(
        [sys.executable, "-c", program, *command.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )

    name = command.partition(" ")[0]
    assert ended.returncode == 1
    assert ended.stderr == f"error: torch is not installed: app.py {name}; pip install -r requirements-train.txt\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_s_help_shows_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    assert ended.value.code == 0
    assert re.search(r"^(example: | *)app\.py \S", capsys.readouterr().out, re.MULTILINE)


def test_the_workshop_s_commands_are_commands() -> None:
    assert COMMANDS.keys() >= WORKSHOP
