import csv
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, load_checkpoint, save_checkpoint
from deeplab_cv.pytorch.exporting.weights import random_weights
from tests.tools.data.datasets import write_voc

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--batch-size", "4", "--crop-pixels", "64", "--val-pixels", "64", "--workers", "0"]


def command(data: Path, out: Path, *more: str) -> list[str]:
    names = data / "names.txt"
    names.write_text("background\ndog\nsheep\n", encoding="utf-8")
    beginning = [] if "--start" in more else ["--from-scratch"]
    arguments = ["--data", data, "--out", out, "--classes", names, *SMALL, *beginning, *more]
    return [sys.executable, str(ROOT / "app.py"), "train", *map(str, arguments)]


def train(data: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(data, out, *more), capture_output=True, text=True, timeout=300)


def assert_same_weights(run: Path, other: Path) -> None:
    expected, actual = (load_checkpoint(each / "network.pt")[0].state_dict() for each in (run, other))
    assert all(torch.equal(expected[name], actual[name]) for name in expected)


def test_a_killed_and_resumed_training_ends_in_the_same_weights(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=5, val=2)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert train(data, whole, "--steps", "5").returncode == 0

    child = subprocess.Popen(command(data, killed, "--steps", "5", "--save-minutes", "0"))
    while not (killed / "last.pt").exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.kill()
    child.wait()
    stopped_at = load_checkpoint(killed / "last.pt")[1].step
    resumed = train(data, killed, "--steps", "5", "--resume")

    assert stopped_at < 5
    assert resumed.returncode == 0, resumed.stderr
    assert_same_weights(whole, killed)


INTERRUPTED = """
import runpy, signal
from deeplab_cv.pytorch.training.replicas import Replicas
whole, losses = Replicas.backward, []
def backward(self, *arguments):
    losses.append(whole(self, *arguments))
    if len(losses) == 2:
        signal.raise_signal(signal.SIGINT)
    return losses[-1]
Replicas.backward = backward
runpy.run_path("app.py", run_name="__main__")
"""


def test_a_training_stopped_in_the_middle_of_a_step_ends_in_the_same_weights(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=5, val=2)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert train(data, whole, "--steps", "4").returncode == 0

    python, _, *words = command(data, stopped, "--steps", "4")
    ended = subprocess.run([python, "-c", INTERRUPTED, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    stopped_at = load_checkpoint(stopped / "last.pt")[1].step
    resumed = train(data, stopped, "--steps", "4", "--resume")

    assert (ended.returncode, stopped_at) == (130, 2), ended.stderr
    assert resumed.returncode == 0, resumed.stderr
    assert_same_weights(whole, stopped)


def test_training_writes_network_log_curves_and_pictures(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=5, val=2)
    done = train(data, tmp_path / "run", "--steps", "20")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "run" / "log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    network, facts = load_checkpoint(tmp_path / "run" / "network.pt")
    assert [row["step"] for row in rows] == ["20", "20"]
    assert float(rows[1]["miou"]) == pytest.approx(facts.accuracy["miou"], rel=1e-4)
    assert facts.classes == ("background", "dog", "sheep") and facts.step == 20 and not network.training
    assert Image.open(tmp_path / "run" / "log.png").size == (900, 500)
    assert Image.open(tmp_path / "run" / "val.png").size == (960, 360)


def test_the_checkpoint_holds_only_tensors_and_plain_types(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=4, val=1)
    assert train(data, tmp_path / "run", "--steps", "1").returncode == 0
    content = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    assert content["facts"]["architecture"] == "deeplabv3_lite"
    assert content["network"].keys() == build_network("deeplabv3_lite", 3).state_dict().keys()


def test_a_training_begun_from_another_network_keeps_its_statistics(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=4, val=1)
    earlier = random_weights("deeplabv3_lite", ("background", "cat", "sheep"), seed=3).network.state_dict()
    facts = CheckpointFacts(
        "deeplabv3_lite", ("background", "cat", "sheep"), pixels=64, step=1, minutes=1.0, seed=3, command="app.py train"
    )
    save_checkpoint(tmp_path / "earlier.pt", facts, earlier)
    done = train(data, tmp_path / "run", "--steps", "2", "--start", str(tmp_path / "earlier.pt"))
    assert done.returncode == 0, done.stderr
    assert "begun from earlier.pt; new to it: dog" in done.stdout
    network, facts = load_checkpoint(tmp_path / "run" / "network.pt")
    learned = network.state_dict()
    assert facts.classes == ("background", "dog", "sheep")
    assert all(torch.equal(learned[name], earlier[name]) for name in earlier if "running_" in name)
    assert not torch.equal(learned["refine.3.weight"], earlier["refine.3.weight"])
    assert torch.allclose(learned["classifier.weight"][2], earlier["classifier.weight"][2], atol=0.02)


def test_a_second_training_does_not_overwrite_the_first(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=4, val=1)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last.pt").write_bytes(b"precious")
    done = train(data, tmp_path / "run", "--steps", "1")
    assert done.returncode == 2 and "this folder holds a training" in done.stderr
    assert (tmp_path / "run" / "last.pt").read_bytes() == b"precious"


def test_a_checkpoint_of_another_training_is_not_resumed(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=4, val=1)
    assert train(data, tmp_path / "run", "--steps", "1").returncode == 0
    done = train(data, tmp_path / "run", "--steps", "2", "--resume", "--seed", "9")
    assert done.returncode == 1 and "checkpoint belongs to a training with other data or settings" in done.stderr


def test_a_mask_with_a_label_outside_the_list_stops_before_the_first_step(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "voc", train=4, val=1)
    Image.fromarray(np.full((48, 64), 3, np.uint8)).save(data / "SegmentationClass" / "p2.png")
    done = train(data, tmp_path / "run", "--steps", "1")
    assert done.returncode == 1 and "p2.png" in done.stderr
    assert not (tmp_path / "run" / "last.pt").exists()
