import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.networks.golden import golden_blob, greatest_error
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.export import PlainInput
from deeplab_cv.pytorch.exporting.golden import scores_of
from deeplab_cv.pytorch.exporting.portable import portable_network
from deeplab_cv.pytorch.exporting.weights import random_weights


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if "resnet" not in name])
def test_the_portable_network_gives_the_trained_network_s_scores(name: str) -> None:
    trained = random_weights(name, VOC_CLASSES, seed=3)
    blob = golden_blob(4, Size(96, 64), InputFacts())

    expected = scores_of(PlainInput(trained.network, trained.architecture).eval(), blob)
    scores = scores_of(portable_network(trained.network, trained.architecture), blob)

    assert greatest_error(scores, expected) < 1e-4


def test_the_trained_network_is_left_as_it_was() -> None:
    trained = random_weights("deeplabv3_mobilenet_v3_large", VOC_CLASSES, seed=3)
    before = {key: value.clone() for key, value in trained.network.state_dict().items()}

    portable_network(trained.network, trained.architecture)

    after = trained.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_no_batch_normalisation_is_left() -> None:
    trained = random_weights("deeplabv3_lite", VOC_CLASSES, seed=3)

    portable = portable_network(trained.network, trained.architecture)

    assert not [module for module in portable.modules() if isinstance(module, torch.nn.BatchNorm2d)]


def test_random_weights_let_every_layer_count() -> None:
    trained = random_weights("deeplabv3_mobilenet_v3_large", VOC_CLASSES, seed=3)
    network = PlainInput(trained.network, trained.architecture).eval()

    first = scores_of(network, golden_blob(1, Size(96, 96), InputFacts()))
    second = scores_of(network, golden_blob(2, Size(96, 96), InputFacts()))

    assert greatest_error(first, second) > 0.05
    assert np.ptp(first, axis=(1, 2)).max() > 0.05 * np.abs(first).max()
