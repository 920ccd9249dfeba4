import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from torch import nn

from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.depthwise import QuickDepthwiseConv2d, use_quick_depthwise


def test_phases_give_the_results_and_gradients_of_dilated_convolutions() -> None:
    plain, phased = (build_network("deeplabv3_lite", 3).double() for _ in range(2))
    phased.load_state_dict(plain.state_dict())
    use_quick_depthwise(phased)
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
@pytest.mark.parametrize(("kernel", "dilation"), [(3, 1), (3, 2), (5, 2), (3, 6)])
def test_a_quick_convolution_gives_a_plain_one_s_results_at_every_size(
    size: tuple[int, int], training: bool, kernel: int, dilation: int
) -> None:
    plain, quick = depthwise(dilation, kernel=kernel), depthwise(dilation, kernel=kernel)
    quick.load_state_dict(plain.state_dict())
    use_quick_depthwise(quick)
    quick.train(training)
    pictures = torch.randn(2, 4, *size)

    assert type(quick) is QuickDepthwiseConv2d
    torch.testing.assert_close(quick(pictures), plain(pictures), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 2, 6])
def test_in_an_autocast_it_computes_in_float32_and_gives_what_the_next_layer_takes(dilation: int) -> None:
    plain, quick = depthwise(dilation), depthwise(dilation)
    quick.load_state_dict(plain.state_dict())
    use_quick_depthwise(quick)
    pictures = torch.randn(2, 4, 8, 12, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        scores = quick(pictures)
        scores.float().sum().backward()

    torch.testing.assert_close(scores, plain(pictures.float()).bfloat16())
    assert quick.weight.grad is not None and quick.weight.grad.dtype == torch.float32


@pytest.mark.parametrize("layer", [depthwise(groups=1), depthwise(channels=1, groups=1)])
def test_convolutions_that_are_not_depthwise_are_left(layer: nn.Conv2d) -> None:
    network = nn.Sequential(layer)

    use_quick_depthwise(network)

    assert type(network[0]) is nn.Conv2d


def test_weights_keep_their_names() -> None:
    network = nn.Sequential(depthwise())
    before = list(network.state_dict())

    use_quick_depthwise(network)

    assert list(network.state_dict()) == before
