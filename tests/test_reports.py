"""Cases of public reports, which lie beside the repository where it is developed, through the whole program."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.cli import main
from tests.tiny_networks import tiny_network
from tests.waiting import wait_for

ROOT = Path(__file__).parents[1]
CASES = Path(__file__).parents[2] / "shared" / "cases"


def case(name: str) -> Path:
    """A shared case; the test is skipped where it is missing."""
    file = CASES / name
    if not file.exists():
        pytest.skip("the shared cases are not here")
    return file


def train(name: str, folder: Path, val_list: str = "val") -> int:
    """One step of a training on a shared data set; its exit code."""
    pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")
    pytest.importorskip("pycocotools", reason="COCO needs pycocotools (requirements-train.txt)")
    with tarfile.open(case(f"data-{name}.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    small = ["--steps", "1", "--batch-size", "2", "--crop-pixels", "64", "--val-pixels", "96", "--workers", "0"]
    words = ["--data", folder / name, "--classes", folder / "names.txt", "--out", folder / "run"]
    return main(["train", *map(str, words), *small, "--from-scratch", "--val-lists", val_list])


@pytest.mark.parametrize("name", ["exif6_shownmask", "upper", "c_nobox", "roboflow"])
def test_data_as_people_have_it_is_trained_on(tmp_path: Path, name: str) -> None:
    assert train(name, tmp_path) == 0
    assert (tmp_path / "run" / "network.pt").is_file()


def test_two_pictures_of_one_name_have_a_mask_each(tmp_path: Path) -> None:
    assert train("c_samestem", tmp_path) == 0
    masks = [np.asarray(Image.open(file)) for file in (tmp_path / "run/coco-masks/train").glob("*.png")]
    small, large = sorted(int((mask == 1).sum()) for mask in masks)
    assert large > 3000 > 400 > small


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("binary255", "no values but 0 and 255, and 255 means unknown"),
        ("c_emptyseg", "no annotation has an outline, such as annotation 1 of a.jpg"),
    ],
)
def test_data_that_teaches_nothing_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert train(name, tmp_path) == 1
    error = capfd.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.fixture
def clone() -> Iterator[Path]:
    """A folder as the shared scripts expect it: app.py, docs/ and this Python as .venv/; any user may enter it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for each in ("app.py", "deeplab_cv", "docs", "models", "samples", "config.yaml"):
            (folder / each).symlink_to(ROOT / each)
        (folder / ".venv").symlink_to(sys.prefix)
        yield folder


def told_by(script: str, *words: object) -> str:
    """All that a shared script prints."""
    if os.name != "posix":
        pytest.skip("Windows has no shell for this script")
    done = subprocess.run(
        ["sh", str(case(script)), *map(str, words)], capture_output=True, text=True, timeout=500, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("stop", ["HUP", "TERM"])
def test_a_terminal_that_is_closed_leaves_what_was_done(clone: Path, stop: str) -> None:
    told = told_by("hangup.sh", clone, stop)

    assert f"rc={128 + signal.Signals[f'SIG{stop}']}" in told or "rc=130" in told
    assert "o.partial.mp4" in told
    assert "o.partial.csv" in told
    assert "Traceback" not in told


def test_a_user_without_a_home_gets_results(clone: Path) -> None:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become another user")
    # Through env, as the script does: setpriv itself still has root's rights when it looks for the program.
    other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", clone / ".venv/bin/python"]
    if subprocess.run([*other, "-c", "import numpy"], capture_output=True, check=False).returncode != 0:
        pytest.skip("another user cannot run this Python")

    told = told_by("home-not-writable.sh", clone, clone / "docs" / "demo.png").splitlines()

    assert [line[0] for line in told if line[:1].isdigit()] == ["1", "2", "3", "4"]
    assert "a.png" in told[0]
    assert "b.png" in told[1]
    assert not [line for line in told if "Error" in line or "error:" in line]


def test_output_that_nobody_reads_ends_without_a_traceback(clone: Path) -> None:
    told = told_by("stdout-gone.sh", clone)

    assert "Traceback" not in told
    assert "error:" not in told


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    """The address of the shared camera, at a port of its own."""
    port = free_port(socket.SOCK_STREAM)
    program = tmp_path / "server.py"
    program.write_text(case("mjpeg-server.py").read_text(encoding="utf-8").replace("18750", str(port)))
    with subprocess.Popen([sys.executable, str(program)]) as server:
        try:
            wait_for(lambda: listens(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def recorded(url: str, folder: Path) -> list[tuple[int, int]]:
    """The sizes of the frames that are recorded of a second of a live source."""
    out = folder / "o.mkv"
    words = ["--video", url, "--end", "1", "--out", out, "--model", tiny_network(folder), "--backend", "opencv"]
    assert main([*map(str, words), "--headless"]) == 0
    with av.open(str(out)) as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


@pytest.mark.parametrize("path", ["normal", "nofirst"])
def test_a_camera_is_recorded_whatever_stands_before_its_first_picture(camera: str, tmp_path: Path, path: str) -> None:
    sizes = recorded(f"{camera}/{path}", tmp_path)

    assert sizes
    assert set(sizes) == {(320, 180)}


def test_the_shared_sdp_file_names_a_stream(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    sdp = tmp_path / "rtp.sdp"
    sdp.write_text(case("rtp.sdp").read_text(encoding="utf-8").replace("15004", str(port)))
    done = threading.Event()

    def send() -> None:
        with av.open(f"rtp://127.0.0.1:{port}", "w", format="rtp") as out:
            stream = out.add_stream("libx264", rate=25, options={"g": "5", "tune": "zerolatency"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in itertools.takewhile(lambda _: not done.is_set(), itertools.count()):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                out.mux(stream.encode(frame))
                done.wait(0.04)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        sizes = recorded(str(sdp), tmp_path)
    finally:
        done.set()
        sender.join()

    assert sizes
    assert set(sizes) == {(64, 48)}
