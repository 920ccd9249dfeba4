from pathlib import Path

import onnx
import pytest

pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.opening import open_network
from deeplab_cv.pytorch.exporting.fixed_size import export_fixed
from deeplab_cv.pytorch.exporting.weights import random_weights
from deeplab_cv.tools.optimise import CUT, FOLDED, SLICES, optimise
from deeplab_cv.tools.verify import verify
from tests.tools.exported import random_export


def test_a_network_with_wide_dilations_multiplies_less_and_scores_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mobile.onnx"
    random_export("deeplabv3_mobilenet_v3_large", file, pixels=96, half=True)

    found = list(optimise(open_network(file), "onnxruntime:cpu", tmp_path / "optimised.onnx"))

    assert [each.name for each in found] == [SLICES] * 5
    assert all(each.gmac[1] < 0.7 * each.gmac[0] for each in found)
    assert all(each.error < 1e-4 for each in found)
    assert all(set(engine.ms) == {"before", "after"} for each in found for engine in each.times)


def test_a_network_of_the_article_s_form_loses_its_upsampling_and_takes_plain_colours(tmp_path: Path) -> None:
    file, target = tmp_path / "labview.onnx", tmp_path / "new" / "optimised.onnx"
    trained = random_weights("deeplabv3_mobilenet_v3_large", VOC_CLASSES, seed=1)
    export_fixed(trained, file, 96, with_aux=True, opset=13, command="")

    found = list(optimise(open_network(file), "onnxruntime:cpu", target))

    card = read_card(target)
    assert [each.name for each in found] == [CUT, FOLDED, SLICES]
    assert all(each.error < 1e-4 for each in found)
    assert (card.stride, card.input.mean, card.input.std) == (16, None, None)
    assert [value.name for value in onnx.load(target).graph.output] == ["output"]
    assert all(finding.fault == "" for finding in verify(open_network(target), "onnxruntime:cpu", []))
