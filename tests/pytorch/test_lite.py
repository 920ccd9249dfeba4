import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from torch import nn

from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.lite import DEEP_CHANNELS, WIDTH, DeepLabV3Lite, Pyramid

INPUT_MULTIPLE = ARCHITECTURES["deeplabv3_lite"].input_multiple
SCORE_STRIDE = ARCHITECTURES["deeplabv3_lite"].score_stride


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return DeepLabV3Lite(5).eval()


@pytest.mark.parametrize("size", [(16, 16), (64, 96), (48, 208)])
def test_every_multiple_of_sixteen_has_a_score_for_each_eight_by_eight_pixels(
    network: nn.Module, size: tuple[int, int]
) -> None:
    with torch.inference_mode():
        scores = network(torch.zeros(2, 3, *size))

    assert size[0] % INPUT_MULTIPLE == size[1] % INPUT_MULTIPLE == 0
    assert scores.shape == (2, 5, size[0] // SCORE_STRIDE, size[1] // SCORE_STRIDE)


def test_paddings_are_constants_in_place_of_sizes_that_are_computed(network: nn.Module) -> None:
    kinds = {type(module).__name__ for module in network.modules() if "Conv" in type(module).__name__}

    assert "Conv2dSame" not in kinds
    assert [module.stride for module in network.modules() if isinstance(module, nn.Conv2d)].count((2, 2)) == 4


def test_the_decoder_s_features_lie_where_half_pixel_upsampling_expects_them(network: nn.Module) -> None:
    # An edge in the middle of the picture, seen through the three convolutions that halve it, all weights alike.
    features = torch.ones(1, 1, 256, 256)
    features[..., 128:] = 2
    for name in ("conv_stem", "blocks.1.0.conv_dw", "blocks.2.0.conv_dw"):
        module = network.backbone.get_submodule(name)
        padding, convolution = module if isinstance(module, nn.Sequential) else (nn.Identity(), module)
        kernel = torch.ones(1, 1, *convolution.kernel_size) / convolution.kernel_size[0] ** 2
        features = nn.functional.conv2d(padding(features), kernel, stride=2, padding=convolution.padding)

    change = features[0, 0, 16, 4:-4].diff()
    cells = torch.arange(len(change)) + 5.0
    place = float((change * cells).sum() / change.sum()) * SCORE_STRIDE
    assert features.shape[-1] == 256 // SCORE_STRIDE
    assert abs(place - 128) <= 0.5 + 1e-4


def test_the_pyramid_keeps_its_features_size_however_small() -> None:
    torch.manual_seed(0)
    pyramid = Pyramid().eval()
    with torch.inference_mode():
        for size in ((1, 1), (2, 5), (18, 32)):
            assert pyramid(torch.randn(1, DEEP_CHANNELS, *size)).shape == (1, WIDTH, *size)


def test_the_pooled_features_of_a_picture_reach_every_place_alike() -> None:
    torch.manual_seed(0)
    pyramid = Pyramid().eval()
    features = torch.randn(1, DEEP_CHANNELS, 6, 6)
    with torch.inference_mode():
        whole = pyramid(features)
        local = pyramid.project(torch.cat([branch(features) for branch in pyramid.branches], dim=1))

    difference = local - whole
    torch.testing.assert_close(difference, difference[..., :1, :1].expand_as(difference), rtol=1e-3, atol=1e-4)
    assert difference.abs().max() > 0


def test_early_stages_are_those_up_to_stride_four(network: nn.Module) -> None:
    inside = {id(parameter) for stage in network.early_stages() for parameter in stage.parameters()}
    names = [name for name, parameter in network.named_parameters() if id(parameter) in inside]

    assert {name.split(".")[1] for name in names} == {"conv_stem", "bn1", "blocks"}
    assert {name.split(".")[2] for name in names if ".blocks." in name} == {"0", "1"}
