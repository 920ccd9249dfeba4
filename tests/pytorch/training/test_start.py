import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.golden import golden_blob, greatest_error
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, save_checkpoint
from deeplab_cv.pytorch.export import ExportPlan, PlainInput, export
from deeplab_cv.pytorch.exporting.golden import scores_of
from deeplab_cv.pytorch.exporting.portable import normalised_convolutions
from deeplab_cv.pytorch.exporting.weights import random_weights
from deeplab_cv.pytorch.lite import keep_expanded
from deeplab_cv.pytorch.training.start import FILTER_SIZE, earlier_network, take_over

LITE = "deeplabv3_lite"
CLASSES = ("background", "cat", "dog")
MORE = ("background", "sheep", "dog", "cat")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported network of random weights, stored in float16."""
    file = tmp_path_factory.mktemp("exported") / "small.onnx"
    export(random_weights(LITE, CLASSES, seed=3), ExportPlan(file, (64,), half=True, opset=13, command=""))
    return file


def scores_in_onnxruntime(file: Path, blob: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": blob})[0][0]


def test_a_network_begun_from_an_exported_file_gives_that_file_s_scores(exported: Path) -> None:
    network, classes = earlier_network(exported, LITE)
    blob = golden_blob(77, Size(128, 96), read_card(exported).input)
    scores = scores_of(PlainInput(network, ARCHITECTURES[LITE]).eval(), blob)
    assert classes == CLASSES
    assert greatest_error(scores, scores_in_onnxruntime(exported, blob)) < 1e-4


def test_filters_before_a_normalisation_are_equally_large_whatever_their_number_of_weights(exported: Path) -> None:
    network, _ = earlier_network(exported, LITE)

    for *_, convolution, _ in normalised_convolutions(network):
        sizes = convolution.weight.square().mean(dim=(1, 2, 3)).sqrt()
        np.testing.assert_allclose(sizes.detach(), FILTER_SIZE, rtol=1e-4)


def test_the_default_network_can_be_begun_from() -> None:
    (file,) = models_folder().glob("deeplabv3_lite.onnx")
    network, classes = earlier_network(file, LITE)
    blob = golden_blob(5, Size(512, 288), read_card(file).input)
    scores = scores_of(PlainInput(network, ARCHITECTURES[LITE]).eval(), blob)
    assert classes == VOC_CLASSES
    assert greatest_error(scores, scores_in_onnxruntime(file, blob)) < 1e-4


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_rows_of_the_last_layer_follow_their_class_and_new_ones_stay_fresh(tmp_path: Path, name: str) -> None:
    earlier = random_weights(name, CLASSES, seed=3).network
    path = tmp_path / "network.pt"
    save_checkpoint(
        path,
        CheckpointFacts(name, CLASSES, pixels=64, step=1, minutes=1.0, seed=3, command="app.py train"),
        earlier.state_dict(),
    )
    begun, fresh = build_network(name, len(MORE)).eval(), torch.rand(1, 3, 64, 64)
    new = take_over(begun, MORE, *earlier_network(path, name))
    with torch.inference_mode():
        before, after = earlier(fresh)[0], begun(fresh)[0]
    assert new == ("sheep",)
    assert torch.allclose(after[[0, 3, 2]], before, atol=1e-4 * float(before.abs().max()))
    assert not any(torch.allclose(after[1], row) for row in before)


def test_a_narrowed_network_comes_back_as_narrow_from_a_checkpoint_and_from_an_exported_file(tmp_path: Path) -> None:
    weights = random_weights(LITE, CLASSES, seed=3)
    for block in weights.network.backbone.blocks[5]:
        keep_expanded(block, torch.arange(0, block.conv_pw.out_channels, 2))
    facts = CheckpointFacts(LITE, CLASSES, pixels=64, step=1, minutes=1.0, seed=3, command="app.py train")
    save_checkpoint(tmp_path / "narrow.pt", facts, weights.network.state_dict())
    export(weights, ExportPlan(tmp_path / "narrow.onnx", (64,), half=False, opset=13, command=""))
    picture = torch.rand(1, 3, 64, 64)
    for name in ("narrow.pt", "narrow.onnx"):
        network, classes = earlier_network(tmp_path / name, LITE)
        begun = build_network(LITE, len(CLASSES), like=network.state_dict()).eval()
        take_over(begun, CLASSES, network, classes)
        assert [block.conv_dw.groups for block in network.backbone.blocks[5]] == [336, 576, 576, 576]
        with torch.inference_mode():
            before, after = weights.network(picture), begun(picture)
        assert torch.allclose(after, before, atol=1e-4 * float(before.abs().max()))


def test_another_architecture_is_named(exported: Path) -> None:
    with pytest.raises(NetworkError, match=r"is deeplabv3_lite, not lraspp.*small\.onnx; add --architecture"):
        earlier_network(exported, "lraspp_mobilenet_v3_large")


def test_weights_that_do_not_give_the_golden_scores_are_refused(exported: Path, tmp_path: Path) -> None:
    for file in exported.parent.iterdir():
        shutil.copy(file, tmp_path)
    golden = tmp_path / "small.golden.npz"
    with np.load(golden) as scores:
        np.savez(golden, **{key: value + np.float16(1) for key, value in scores.items()})
    with pytest.raises(NetworkError, match="off the golden ones"):
        earlier_network(tmp_path / "small.onnx", LITE)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"no such network to start from: .*none\.pt"):
        earlier_network(tmp_path / "none.pt", LITE)
