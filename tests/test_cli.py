import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deeplab_cv import __version__
from deeplab_cv.cli import COMMANDS, main

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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize(
    "words",
    [
        ["NAME.mp4"],
        ["--headless", "--stats", "a.csv", "--video", "NAME.mp4"],
        ["--headless", "--stats", "a.csv", "--image", "NAME.jpg"],
        ["--headless", "--stats", "a.csv", "--image", "FOLDER"],
        ["--headless", "--stats", "a.csv", "--image", "NAME*.jpg"],
        ["--headless", "--stats", "a.csv", "--camera", "NAME"],
        ["--pattern", "--headless", "--out", "NAME/out.mp4"],
        ["--pattern", "--headless", "--out", "NAME.txt"],
        ["--pattern", "--headless", "--stats", "NAME.txt"],
        ["--pattern", "--headless", "--masks", "FILE"],
        ["--pattern", "--style", "replace", "--headless", "--stats", "a.csv", "--background", "NAME.png"],
        ["--pattern", "--model", "NAME.onnx"],
        ["--pattern", "--model", "NAME.pt"],
        ["--pattern", "--classes", "NAME.txt", "--model", "FILE"],
        ["--config", "NAME.yaml"],
        ["--pattern", "--image", "NAME.jpg"],
        ["FOLDER", "FILE"],
        ["models", "--folder", "NAME"],
        ["verify", "FILE"],
        ["export", "NAME.pt"],
        ["evaluate", "NAME.onnx", "--data", "FOLDER"],
        ["repair", "NAME.onnx"],
        ["bench", "--json", "NAME/figures.json"],
    ],
    ids=" ".join,
)
def test_names_with_spaces_and_quotes_are_shown_as_they_can_be_pasted(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if words[0] == "export":
        pytest.importorskip("torch", reason="export needs requirements-train.txt")
    monkeypatch.chdir(tmp_path)
    name = "the dog's film"
    (tmp_path / f"{name} folder").mkdir()
    (tmp_path / f"{name}.onnx").write_text("no network")
    (tmp_path / f"{name} file").write_text("no picture")
    there = {"FOLDER": f"{name} folder", "FILE": f"{name} file", "NAME": f"{name} gone"}
    given = [re.sub("FOLDER|FILE|NAME", lambda found: there[found[0]], word) for word in words]

    assert main(given) in (1, 2)

    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "'the dog'\"'\"'s film" in line
    assert "the dog's" not in line


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
        ("--Video in.mp4", "error: unknown flag: --Video; did you mean --video?"),
        ("--target_fps 3", "error: unknown flag: --target_fps; did you mean --target-fps?"),
        ("-i in.mp4 -o out.mp4", "error: unknown flag: -i; did you mean --video?"),
        ("--output out.mp4", "error: unknown flag: --output; did you mean --out?"),
        ("--outptu out.mp4", "error: unknown flag: --outptu; did you mean --out?"),
        ("--gpu", "error: unknown flag: --gpu; did you mean --backend?"),
        ("models --gpu", "error: unknown flag: --gpu; see app.py models --help"),
        ("docter", "error: no such file or command: docter; did you mean doctor?"),
        ("DOCTOR", "error: no such file or command: DOCTOR; did you mean doctor?"),
        ("quant", "error: no such file or command: quant; did you mean quantise?"),
        ("benchmark", "error: no such file or command: benchmark; did you mean bench?"),
        ("predict 0", "error: no such file or command: predict; did you mean run?"),
        ("webcam", "error: no such file or command: webcam; did you mean --camera 0?"),
        ("xyzzy", "error: no such file or command: xyzzy; see app.py --help"),
        ("gone.mp4", "error: no such file or command: gone.mp4; check the name and the folder you are in"),
        ("gone/there", "error: no such file or command: gone/there; check the name and the folder you are in"),
        ("--alpha 0.3 doctor", "error: a command stands first: doctor; app.py doctor ..."),
        ("help docter", "error: no such command: docter; did you mean doctor?"),
        ("verify", "error: something is missing: MODEL; see app.py verify --help"),
        ("--headless more", "error: no such file or command: more; see app.py --help"),
        ("models more", "error: not understood: more; names with spaces stand in quotes; see app.py models --help"),
        (
            "0 a*.jpg",
            "error: 2 sources are named: 0 'a*.jpg'; "
            "pictures go alone; several of them are a folder or '*.jpg' in quotes",
        ),
        ("0 --camera 0", "error: a camera is named twice: --camera 0; name it once"),
        ("0 --image a.jpg", "error: 2 sources are named: --camera 0 and --image a.jpg; pictures go alone: name one"),
        (
            "pattern pattern --headless --out out.mp4",
            "error: several sources do not fit into one output: --out out.mp4; "
            "{source} in its name stands for each source: --out 'out-{source}.mp4'",
        ),
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
    ("words", "remedy"),
    [
        ("clp.mp4", "did you mean clip.mp4?"),
        ("folder/clip.mov", "did you mean folder/clip.mkv?"),
        ("clip", "did you mean clip.mp4?"),
        ("my dog.mp4", "a name with spaces stands in quotes: 'my dog.mp4'"),
    ],
)
def test_a_misspelt_file_is_answered_with_the_nearest_one(
    words: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for name in ("clip.mp4", "folder/clip.mkv", "my dog.mp4"):
        Path(name).touch()

    assert main(words.split()) == 2

    assert capsys.readouterr().err == f"error: no such file or command: {words.split()[0]}; {remedy}\n"


@pytest.mark.parametrize("name", ["quantize", "optimize"])
def test_commands_may_be_spelt_as_in_america(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([name, "--help"])

    assert capsys.readouterr().out.startswith(f"usage: app.py {name.replace('z', 's')} ")


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
    assert shown.index("SOURCE") < listed[0]
    assert listed[-1] < shown.index("--camera N|DEVICE")
    assert shown.index("--preset") < shown.index("for a network without a card:") < shown.index("--mean")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_names_the_program_as_it_was_started(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/deeplab-cv"])

    with pytest.raises(SystemExit):
        main([command, "--help"])

    shown = capsys.readouterr().out
    assert "app.py" not in shown
    assert "deeplab-cv" in shown


def test_python_m_is_the_same_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "deeplab_cv", "doctr"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (2, "error: no such file or command: doctr; did you mean doctor?\n")


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


def test_debug_shows_the_traceback_and_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "--headless", "--stats", "a.csv", "--video", "rtsp://me:se/cret@host/1"]) == 2

    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "rtsp://host/1" in shown
    assert "cret" not in shown
