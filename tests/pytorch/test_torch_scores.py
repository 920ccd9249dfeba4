from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import Card, InputFacts, Origin
from deeplab_cv.networks.golden import golden_blob, greatest_error
from deeplab_cv.networks.network import Network
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, save_checkpoint
from deeplab_cv.pytorch.exporting.torchscript import export_torchscript
from deeplab_cv.pytorch.exporting.weights import random_weights
from deeplab_cv.pytorch.torch_scores import ScriptedScores, TorchScores, load_scripted, pictures_of
from deeplab_cv.tools.reference import enlarged

LITE = "deeplabv3_lite"
SHAPE, SIZE = (64, 96), Size(96, 64)


def network(*, architecture: str = LITE, stride: int = 8, **facts: object) -> Network:
    """What a card says of an exported network; there is no file."""
    card = Card(
        name="net",
        file="net.onnx",
        sha256="0" * 64,
        architecture=architecture,
        classes=VOC_CLASSES,
        input=InputFacts(**facts),
        stride=stride,
        shapes=(SHAPE,),
        origin=Origin(weights="random"),
    )
    return Network(Path("net.onnx"), card, named=Path("net.onnx"), verified=False, symbolic=False)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state_dict of the lite network's."""
    path = tmp_path_factory.mktemp("weights") / "weights.pth"
    torch.save(random_weights(LITE, VOC_CLASSES, seed=3).network.state_dict(), path)
    return path


def test_a_checkpoint_and_its_plain_weights_give_the_same_scores(weights: Path, tmp_path: Path) -> None:
    facts = CheckpointFacts(LITE, VOC_CLASSES, pixels=64, step=1, minutes=1.0, seed=3, command="app.py train")
    save_checkpoint(tmp_path / "network.pt", facts, torch.load(weights, weights_only=True))
    blob = golden_blob(1, SIZE, InputFacts())

    by_weights, by_checkpoint = (TorchScores(network(), file)(blob) for file in (weights, tmp_path / "network.pt"))

    assert by_weights.shape == (21, 8, 12)
    assert by_weights.dtype == np.float32
    np.testing.assert_array_equal(by_weights, by_checkpoint)


def test_scores_do_not_depend_on_who_normalises_the_picture(weights: Path) -> None:
    outside = InputFacts(mean=(10.0, 20.0, 30.0), std=(2.0, 4.0, 8.0))

    plain = TorchScores(network(), weights)(golden_blob(1, SIZE, InputFacts()))
    normalised = TorchScores(network(mean=outside.mean, std=outside.std), weights)(golden_blob(1, SIZE, outside))

    assert greatest_error(normalised, plain) < 1e-4


def test_a_file_whose_scores_are_as_large_as_the_picture_is_met_with_such_scores(weights: Path) -> None:
    blob = golden_blob(1, SIZE, InputFacts())

    whole = TorchScores(network(stride=1), weights)(blob)

    np.testing.assert_allclose(whole, enlarged(TorchScores(network(), weights)(blob), SHAPE), rtol=1e-5, atol=1e-6)


def test_torchscript_gives_pytorch_s_scores_at_the_picture_s_size(tmp_path: Path) -> None:
    trained = random_weights(LITE, VOC_CLASSES, seed=3)
    weights = tmp_path / "weights.pth"
    torch.save(trained.network.state_dict(), weights)
    export_torchscript(trained, tmp_path / "net.torchscript.pt", mobile=False)
    blob = golden_blob(1, SIZE, InputFacts())

    scripted = ScriptedScores(network(), tmp_path / "net.torchscript.pt")(blob)

    assert greatest_error(scripted, enlarged(TorchScores(network(), weights)(blob), SHAPE)) < 1e-4


def test_the_pictures_behind_an_input_are_found_again() -> None:
    facts = InputFacts(mean=(10.0, 20.0, 30.0), std=(2.0, 4.0, 8.0))

    pictures = pictures_of(golden_blob(1, SIZE, facts), network(mean=facts.mean, std=facts.std).card)

    np.testing.assert_allclose(pictures.numpy(), golden_blob(1, SIZE, InputFacts()), atol=1e-4)


def test_weights_of_another_class_count_are_one_line(tmp_path: Path) -> None:
    facts = CheckpointFacts(
        LITE, ("background", "goat"), pixels=64, step=1, minutes=1.0, seed=3, command="app.py train"
    )
    save_checkpoint(tmp_path / "two.pt", facts, build_network(LITE, 2).state_dict())

    with pytest.raises(NetworkError, match=r"the weights are for 2 classes, not 21: .*two\.pt"):
        TorchScores(network(), tmp_path / "two.pt")


def test_an_architecture_that_pytorch_cannot_build_is_refused(weights: Path) -> None:
    with pytest.raises(UsageError, match="does not name an architecture that PyTorch could build: unknown"):
        TorchScores(network(architecture="unknown"), weights)


def test_a_broken_torchscript_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.torchscript.pt"
    path.write_bytes(b"PK no module")

    with pytest.raises(NetworkError, match="not a whole TorchScript file"):
        load_scripted(path)
