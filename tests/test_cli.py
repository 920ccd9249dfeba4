import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deeplab_cv import __version__
from deeplab_cv.cli import COMMANDS, main, program

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command", ["export deeplabv3_lite --random", "verify models/deeplabv3_lite.onnx --checkpoint it.pt"]
)
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


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--vdeo in.mp4", "error: unknown flag: --vdeo; did you mean --video?"),
        ("--vdeo=in.mp4", "error: unknown flag: --vdeo; did you mean --video?"),
        ("--sty blur", "error: unknown flag: --sty; did you mean --style?"),
        ("--xyzzy", "error: unknown flag: --xyzzy; see app.py --help"),
        ("train --dta pictures", "error: unknown flag: --dta; did you mean --data?"),
        ("doctr", "error: unknown command: doctr; did you mean doctor?"),
        ("optimize net.onnx", "error: unknown command: optimize; did you mean optimise?"),
        ("quantize net.onnx", "error: unknown command: quantize; did you mean quantise?"),
        ("xyzzy", "error: unknown command: xyzzy; see app.py --help"),
        ("help doctr", "error: unknown command: doctr; did you mean doctor?"),
        ("verify", "error: something is missing: MODEL; see app.py verify --help"),
        ("--headless more", "error: not understood: more; names with spaces stand in quotes; see app.py --help"),
        ("bench --rounds x", "error: invalid int value: 'x': --rounds; see app.py bench --help"),
        ("train --data a --out b", "error: something is missing: --minutes or --steps; give one of them"),
    ],
)
def test_a_wrong_word_is_one_line_with_the_nearest_right_one(
    words: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2

    assert capsys.readouterr() == ("", f"{line}\n")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("my dog's.mp4", """app.py --video 'my dog'"'"'s.mp4'"""),
        ("dog.JPG", "app.py --image dog.JPG"),
    ],
)
def test_a_file_without_its_flag_is_shown_the_flag_in_a_line_that_can_be_pasted(
    name: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).touch()

    assert main([name]) == 2

    assert capsys.readouterr().err.endswith(f"; to open it: {remedy}\n")


def test_the_program_s_name_alone_is_answered_with_what_to_type_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main([]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert "app.py --demo " in lines[1]


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"deeplab-cv {__version__}\n"


@pytest.mark.parametrize("words", ["help models", "models -h", "models --help"])
def test_a_command_s_help_is_asked_for_in_three_ways(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words.split())

    assert capsys.readouterr().out.startswith("usage: app.py models ")


def test_the_help_lists_the_commands_before_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["help"])

    shown = capsys.readouterr().out
    listed = [shown.index(f"\n  {name} ") for name in COMMANDS]
    assert listed == sorted(listed)
    assert listed[-1] < shown.index("--camera N") if "--camera N" in shown else shown.index("\noptions:")


@pytest.mark.parametrize(
    ("started", "shown"),
    [
        ("/somewhere/app.py", "app.py"),
        ("/usr/bin/deeplab-cv", "deeplab-cv"),
        ("deeplab-cv.exe", "deeplab-cv"),
        ("/lib/deeplab_cv/__main__.py", "python -m deeplab_cv"),
    ],
)
def test_the_program_is_named_as_it_was_started(started: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [started])

    assert program() == shown


def test_python_m_is_the_same_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "deeplab_cv", "doctr"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (2, "error: unknown command: doctr; did you mean doctor?\n")


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell")
@pytest.mark.parametrize(
    "ending",
    ["| true", "| head -1 >&3", ">&-", "2>&-", ">&- 2>&-"],
    ids=["reader gone", "one line read", "no stdout", "no stderr", "neither"],
)
@pytest.mark.parametrize("words", ["config", "doctr", "--help"])
def test_a_closed_stream_brings_no_traceback(words: str, ending: str, tmp_path: Path) -> None:
    program_file = ROOT / "app.py"
    errors = tmp_path / "errors"

    subprocess.run(
        ["sh", "-c", f'exec 2>"{errors}" 3>/dev/null; "{sys.executable}" "{program_file}" {words} {ending}'],
        cwd=tmp_path,
        check=False,
    )

    shown = errors.read_text()
    assert "Traceback" not in shown
    assert "Exception" not in shown


def test_debug_may_stand_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "config", "--alpha", "0.25"]) == 0

    assert "0.25" in capsys.readouterr().out
