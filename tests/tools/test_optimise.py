from pathlib import Path

import onnx
import pytest

pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.cli import main
from deeplab_cv.network import open_network
from deeplab_cv.tools.arithmetic import gmac
from deeplab_cv.tools.optimise import optimise
from tests.networks import tiny_network, tiny_onnx
from tests.tools.exported import random_export


def test_a_network_with_wide_dilations_multiplies_less_and_scores_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mobile.onnx"
    random_export("deeplabv3_mobilenet_v3_large", file, pixels=96, half=True)

    found = list(optimise(open_network(file), "onnxruntime:cpu"))

    assert len(found) == 5
    assert all(each.gmac[1] < 0.7 * each.gmac[0] for each in found)
    assert all(each.error < 1e-4 for each in found)
    assert all(set(race.ms) == {"plain", "slices"} for each in found for race in each.races)


def test_a_network_without_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", str(tiny_network(tmp_path))]) == 0
    assert "nothing to rewrite" in capsys.readouterr().out


def test_multiplications_are_counted_by_hand(tmp_path: Path) -> None:
    # 12 x 16 cells, 3 colours to 21 classes by a 1x1 convolution.
    assert gmac(onnx.load(tiny_onnx(tmp_path, shape=(96, 128)))) == pytest.approx(12 * 16 * 3 * 21 / 1e9)
