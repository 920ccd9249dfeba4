import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from torch import nn

from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.dilation import PhasedConv2d, use_phases


def test_phases_give_the_results_and_gradients_of_dilated_convolutions() -> None:
    plain, phased = (build_network("deeplabv3_lite", 3).double() for _ in range(2))
    phased.load_state_dict(plain.state_dict())
    use_phases(phased)
    pictures = torch.randn(2, 3, 64, 96, dtype=torch.double)
    for network in (plain, phased):
        network.train()(pictures).square().mean().backward()
    for (name, expected), actual in zip(plain.named_parameters(), phased.parameters(), strict=True):
        assert torch.allclose(expected.grad, actual.grad, rtol=1e-6, atol=1e-9), name


def depthwise(dilation: int = 2, channels: int = 4, groups: int = 4, kernel: int = 3) -> nn.Conv2d:
    """A convolution that keeps the size."""
    padding = dilation * (kernel // 2)
    return nn.Conv2d(channels, channels, kernel, padding=padding, dilation=dilation, groups=groups)


@pytest.mark.parametrize("size", [(8, 12), (7, 12), (8, 11), (1, 1)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kernel", [3, 5])
def test_a_phased_convolution_gives_a_plain_one_s_results_at_every_size(
    size: tuple[int, int], training: bool, kernel: int
) -> None:
    plain = depthwise(kernel=kernel)
    phased = depthwise(kernel=kernel)
    phased.load_state_dict(plain.state_dict())
    use_phases(phased)
    phased.train(training)
    pictures = torch.randn(2, 4, *size)

    assert type(phased) is PhasedConv2d
    torch.testing.assert_close(phased(pictures), plain(pictures), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "layer", [depthwise(dilation=1), depthwise(dilation=4), depthwise(groups=1), depthwise(channels=1, groups=1)]
)
def test_convolutions_that_gain_nothing_are_left(layer: nn.Conv2d) -> None:
    network = nn.Sequential(layer)

    use_phases(network)

    assert type(network[0]) is nn.Conv2d


def test_weights_keep_their_names() -> None:
    network = nn.Sequential(depthwise())
    before = list(network.state_dict())

    use_phases(network)

    assert list(network.state_dict()) == before
