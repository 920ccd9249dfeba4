"""Every command but train and export runs where no training package is installed."""

import os
import subprocess
import sys
from pathlib import Path

import cv2

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_picture
from tests.tiny_networks import network as network
from tests.tiny_networks import tiny_onnx

ROOT = Path(__file__).parents[2]

WITHOUT_TORCH = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "timm"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
from deeplab_cv.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_TORCH, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_verify_proves_a_network(tmp_path: Path, network: Path) -> None:
    done = run(tmp_path, "verify", str(network), "--backend", "opencv:cpu")

    assert done.returncode == 0, done.stderr
    assert "right" in done.stdout


def test_verify_leaves_out_a_torchscript_file_and_says_so(tmp_path: Path, network: Path) -> None:
    network.with_suffix(".torchscript.pt").touch()

    done = run(tmp_path, "verify", str(network), "--backend", "opencv:cpu")

    assert done.returncode == 0, done.stderr
    assert f"left out: {network.stem}.torchscript.pt: torch is not installed" in done.stdout


def test_verify_against_a_checkpoint_says_what_is_missing(tmp_path: Path, network: Path) -> None:
    done = run(tmp_path, "verify", str(network), "--checkpoint", "network.pt")

    assert done.returncode == 1
    assert done.stderr.startswith("error: torch is not installed: app.py verify")
    assert "train" in done.stderr


def test_repair_mends_a_network(tmp_path: Path) -> None:
    file = tiny_onnx(tmp_path, shape=(64, 96), resized_pooling=True)
    told = ("--classes", "voc", "--mean", "0,0,0", "--std", "1,1,1", "--order", "rgb")

    done = run(tmp_path, "repair", str(file), *told)

    assert done.returncode == 0, done.stderr
    assert "mended: image pooling resized from one pixel" in done.stdout


def test_optimise_measures_a_network(tmp_path: Path, network: Path) -> None:
    done = run(tmp_path, "optimise", str(network), "--backend", "opencv:cpu", "--out", str(tmp_path / "fast.onnx"))

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_quantise_judges_a_network(tmp_path: Path, network: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for seed in range(4):
        assert cv2.imwrite(str(pictures / f"{seed}.png"), golden_picture(seed, Size(128, 96)))

    done = run(tmp_path, "quantise", str(network), "--calibrate", str(pictures), "--max-miou-drop", "0")

    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""
    assert "layers left float" in done.stdout


def test_models_lists_a_network(tmp_path: Path, network: Path) -> None:
    done = run(tmp_path, "models", "--folder", str(network.parent))

    assert done.returncode == 0, done.stderr
    assert network.stem in done.stdout


def test_doctor_proves_a_network(tmp_path: Path, network: Path) -> None:
    done = run(tmp_path, "doctor", "--model", str(network), "--backend", "opencv:cpu")

    assert done.returncode == 0, done.stderr
    assert "opencv:cpu" in done.stdout


def test_train_says_what_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, "train", "--data", "data", "--out", "run", "--minutes", "1")

    assert done.returncode == 1
    assert done.stderr.startswith("error: torch is not installed: app.py train")
