"""The file that the LabVIEW article on DeepLabV3 makes, under its names and shapes."""

from pathlib import Path

import onnx
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.memory import spoiled_memory
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.golden import greatest_error, read_golden
from deeplab_cv.pytorch.exporting.fixed_size import export_fixed
from deeplab_cv.pytorch.exporting.weights import random_weights
from tests.tools.exported import PROCESSOR_ENGINES, load_engine

MOBILE = "deeplabv3_mobilenet_v3_large"


@pytest.fixture(scope="module")
def labview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("labview") / "labview.onnx"
    export_fixed(
        random_weights(MOBILE, VOC_CLASSES, seed=1), file, 96, with_aux=True, opset=11, command="app.py export"
    )
    return file


def test_labview_s_file_has_one_fixed_input_and_two_outputs_of_its_size(labview: Path) -> None:
    model = onnx.load(labview)

    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }

    assert shapes == {"input": [1, 3, 96, 96], "output": [1, 21, 96, 96], "aux": [1, 21, 96, 96]}
    assert model.opset_import[0].version == 11


@pytest.mark.parametrize(("name", "device"), PROCESSOR_ENGINES)
def test_labview_s_file_is_right_on_every_engine(labview: Path, name: str, device: str) -> None:
    card = read_card(labview)
    golden = read_golden(card, labview.parent, Size(96, 96))
    assert golden is not None
    with spoiled_memory():
        engine = load_engine(name, device, labview, Size(96, 96))
        engine.submit(golden.blob)
        scores = engine.result().scores

    assert greatest_error(scores, golden.scores) < 1e-3


@pytest.mark.parametrize("size", [0, 8, 16, 100])
def test_a_size_that_is_no_multiple_of_the_stride_is_refused(tmp_path: Path, size: int) -> None:
    trained = random_weights("lraspp_mobilenet_v3_large", VOC_CLASSES, seed=1)

    with pytest.raises(UsageError, match="no multiple"):
        export_fixed(trained, tmp_path / "x.onnx", size, with_aux=False, opset=13, command="")

    assert list(tmp_path.iterdir()) == []


def test_lraspp_has_no_auxiliary_head(tmp_path: Path) -> None:
    trained = random_weights("lraspp_mobilenet_v3_large", VOC_CLASSES, seed=1)

    with pytest.raises(UsageError, match="no auxiliary head"):
        export_fixed(trained, tmp_path / "x.onnx", 96, with_aux=True, opset=13, command="")


def test_its_card_says_what_goes_in_and_how_it_was_made(labview: Path) -> None:
    card = read_card(labview)

    assert (card.stride, card.shapes) == (1, ((96, 96),))
    assert card.input.mean == pytest.approx((123.675, 116.28, 103.53))
    assert card.origin.command == "app.py export"
    assert {entry.key for entry in onnx.load(labview).metadata_props} == {"architecture", "input"}


def test_our_own_network_has_no_such_form(tmp_path: Path) -> None:
    trained = random_weights("deeplabv3_lite", VOC_CLASSES, seed=1)

    with pytest.raises(UsageError, match="--size is for torchvision's networks: deeplabv3_lite"):
        export_fixed(trained, tmp_path / "x.onnx", 96, with_aux=False, opset=13, command="")
