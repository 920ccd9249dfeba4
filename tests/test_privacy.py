"""What each command connects to and where it leaves files, seen from outside by strace."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_networks import tiny_network, tiny_onnx
from tests.website.conftest import NPM_MISSING

ROOT = Path(__file__).parent.parent
CALLS = "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat"
HARMLESS = re.compile(
    r"/dev/(null|tty|shm/\S+)|/proc/self/\S+|/var/lib/xkb/\S+|/tmp/\.(X\d+-lock|tX\d+-lock|X11-unix\S*)"
)
"""Devices, memory with a name, and what the virtual screen of `bench` leaves for itself."""

STATED = ("--classes", "voc", "--mean", "0,0,0", "--std", "1,1,1", "--order", "rgb")

COMMANDS = {
    "run picture": ("--image in.png --out out.png --headless --model net/tiny.onnx", {"out.png"}),
    "run video": ("--video in.avi --stats a.csv --out out.mp4 --headless --model net/tiny.onnx", {"a.csv", "out.mp4"}),
    "models": ("models", set()),
    "doctor": ("doctor --model net/tiny.onnx", set()),
    "config": ("config --all", set()),
    "bench": ("bench labels --model net/tiny.onnx", set()),
    "evaluate": ("evaluate net/tiny.onnx --video in.avi --json a.json", {"a.json"}),
    "verify": ("verify net/tiny.onnx", set()),
    "optimise": ("optimise net/tiny.onnx", set()),
    "a network that nobody has proven": ("--image in.png --stats a.csv --headless --model plain/tiny.onnx", {"a.csv"}),
    "batch": (
        "batch in.png in.avi --to made --model net/tiny.onnx --workers 1",
        {"made/"},
    ),
    "serve": ("--video in.avi --serve 0 --headless --stats a.csv --model net/tiny.onnx", {"a.csv"}),
    "repair": (
        f"repair plain/tiny.onnx --out mended.onnx {' '.join(STATED)}",
        {"mended.onnx", "mended.card.yaml", "mended.golden.npz"},
    ),
}
"""Each command with the files, or folders, that it was asked for."""

WITH_PYTORCH = {
    "export": (
        "export deeplabv3_lite --random --pixels 64 --out made.onnx",
        {"made.onnx", "made.card.yaml", "made.golden.npz"},
    ),
    "train": (
        "train --data voc --out run --steps 1 --from-scratch --batch-size 2 --crop-pixels 64 --val-pixels 96 "
        "--workers 0",
        {"run/"},
    ),
}


@dataclass(frozen=True)
class Seen:
    """What strace saw.

    Attributes:
        code: the exit code.
        said: all that was printed.
        connections: the calls that went to another machine, or asked for its name.
        own_connections: those of the program's first thread, and not of a program that it started.
        outside: files that were made outside of the working folder, the cache and the folder for temporary files.
        left: what lies in them afterwards, besides inputs and the program's own cache.
    """

    code: int
    said: str
    connections: list[str]
    own_connections: list[str]
    outside: list[str]
    left: set[str]


@pytest.fixture
def seen(tmp_path):
    """Runs a command under strace in a folder with a picture, a clip and networks."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        pytest.skip("no strace here")
    work, home, temporary = (tmp_path / name for name in ("work", "home", "temporary"))
    for folder in (work / "net", work / "plain", home, temporary):
        folder.mkdir(parents=True)
    tiny_network(work / "net")
    tiny_onnx(work / "plain", shape=(64, 64))
    cv2.imwrite(str(work / "in.png"), np.full((72, 128, 3), 90, np.uint8))
    clip = cv2.VideoWriter(str(work / "in.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 72))
    for shade in range(4):
        clip.write(np.full((72, 128, 3), 60 * shade, np.uint8))
    clip.release()
    for folder, ending in (("JPEGImages", "jpg"), ("SegmentationClass", "png")):
        (work / "voc" / folder).mkdir(parents=True)
        for name in ("train", "val"):
            cv2.imwrite(str(work / "voc" / folder / f"{name}.{ending}"), np.full((96, 96), 15, np.uint8))
    (work / "voc" / "ImageSets" / "Segmentation").mkdir(parents=True)
    for name in ("train", "val"):
        (work / "voc" / "ImageSets" / "Segmentation" / f"{name}.txt").write_text(f"{name}\n")

    def run(words):
        inputs = files_in(work)
        log = tmp_path / "log"
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_", "MPL"))}
        variables |= {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
        command = ["strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(log)]
        ended = subprocess.run(
            [*command, sys.executable, str(ROOT / "app.py"), *words],
            cwd=work,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if "PTRACE" in ended.stderr:
            pytest.skip("no strace here: the system does not allow it")
        calls = log.read_text(errors="replace").splitlines()
        left = {f"work/{name}" for name in files_in(work) - inputs}
        left |= {f"home/{name}" for name in files_in(home) if not name.startswith(".cache/deeplab-cv/")}
        left |= {f"temporary/{name}" for name in files_in(temporary)}
        return Seen(
            ended.returncode,
            ended.stdout + ended.stderr,
            [call for call in calls if "AF_INET" in call],
            [call for call in calls if "AF_INET" in call and call.split()[0] == calls[0].split()[0]],
            [call for call in calls if makes_a_file(call) and not may_be_made(call, (home, temporary, work))],
            left,
        )

    return run


def files_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def makes_a_file(call):
    made = "O_CREAT" in call if re.search(r"open(at2?)?\(", call) else re.search(r"(creat|mk|rename|link)\w*\(", call)
    return bool(made) and " = -1 " not in call


def may_be_made(call, folders):
    names = re.findall(r'"((?:[^"\\]|\\.)*)"', call)
    return all(
        not name.startswith("/") or HARMLESS.fullmatch(name) or any(name.startswith(str(each)) for each in folders)
        for name in names
    )


def assert_left(found, wanted):
    """All files that were asked for are there, and no others; of a folder that was asked for, any."""
    folders = tuple(f"work/{name}" for name in wanted if name.endswith("/"))
    inside = {file for file in found.left if file.startswith(folders)} if folders else set()
    assert found.left - inside == {f"work/{name}" for name in wanted if not name.endswith("/")}
    assert bool(inside) == bool(folders)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_connects_to_nothing_and_leaves_what_was_asked_for_alone(name, seen):
    words, wanted = COMMANDS[name]

    found = seen(words.split())

    assert found.code == 0, found.said
    assert (found.connections, found.outside) == ([], [])
    assert_left(found, wanted)


@pytest.mark.parametrize("name", WITH_PYTORCH)
def test_so_does_a_command_of_the_workshop(name, seen):
    pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")
    words, wanted = WITH_PYTORCH[name]

    found = seen(words.split())

    assert found.code == 0, found.said
    assert (found.connections, found.outside) == ([], [])
    assert_left(found, wanted)


def test_so_does_quantise_whether_or_not_the_int8_form_is_worth_keeping(seen):
    found = seen(["quantise", "net/tiny.onnx", "--calibrate", "in.avi"])

    assert found.code in (0, 1), found.said
    assert "error:" not in found.said
    assert (found.connections, found.outside) == ([], [])
    assert found.left <= {"work/net/tiny.int8.onnx"}


def test_a_site_s_first_writing_asks_npm_s_registry_alone_and_its_second_nobody(seen):
    if shutil.which("npm") is None:
        pytest.skip(f"{NPM_MISSING}: apt install npm")

    first = seen(["web", "--out", "site", "--model", "net/tiny.onnx"])
    if "npm could not fetch" in first.said:
        pytest.skip(f"{NPM_MISSING}: {first.said}")
    second = seen(["web", "--out", "again", "--model", "net/tiny.onnx"])

    for found, wanted in ((first, "site/"), (second, "again/")):
        assert found.code == 0, found.said
        assert (found.own_connections, found.outside) == ([], [])
        assert_left(found, {wanted})
    assert second.connections == []


def test_a_url_is_asked_and_nobody_else(seen):
    url = "--video http://127.0.0.1:1/in.mp4 --retry 0"
    found = seen(f"{url} --stats a.csv --headless --model net/tiny.onnx".split())

    assert found.code == 1
    assert found.connections
    assert all("127.0.0.1" in call or "sin_port=htons(0)" in call for call in found.connections)
