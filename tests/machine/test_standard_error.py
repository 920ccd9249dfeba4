import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lines_of(program):
    begin = "import os, sys\nfrom deeplab_cv.machine.standard_error import silent_natives, take_own_number\n"
    ended = subprocess.run(
        [sys.executable, "-c", begin + program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ended.stderr.splitlines()


def test_native_libraries_are_silent_meanwhile_and_this_program_is_not():
    program = (
        "take_own_number()\n"
        "with silent_natives():\n"
        "    with silent_natives(): os.write(2, b'native\\n')\n"
        "    os.write(2, b'native\\n'); print('ours', file=sys.stderr)\n"
        "os.write(2, b'native, later\\n')\n"
    )

    assert lines_of(program) == ["ours", "native, later"]


def test_another_program_that_uses_the_package_loses_no_line():
    assert lines_of("with silent_natives(): print('its own', file=sys.stderr)") == ["its own"]


def test_a_process_without_standard_error_has_one_from_then_on():
    assert lines_of("sys.stderr = None; take_own_number(); print('ours', file=sys.stderr)") == ["ours"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no shell for this script")
@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-"])
def test_a_command_whose_standard_error_is_closed_does_its_work(closed):
    script = f'"$0" app.py config --default {closed}'

    ended = subprocess.run(["sh", "-c", script, sys.executable], cwd=ROOT, stdout=subprocess.PIPE, check=False)

    assert (ended.returncode, ended.stdout) == (0, (ROOT / "config.yaml").read_bytes())
