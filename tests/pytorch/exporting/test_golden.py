import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from torch import nn

from deeplab_cv.pytorch.exporting.golden import MARGIN, RoundedConvolutions, measured_tolerances, scores_of


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_rounded_convolutions_give_what_autocast_gives(dtype: "torch.dtype") -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU6(), nn.Conv2d(16, 8, 1)).eval()
    pictures = torch.randn(1, 3, 24, 24)
    with torch.inference_mode():
        exact = network(pictures)
        with torch.autocast("cpu", dtype=dtype):
            expected = network(pictures).float()
        with RoundedConvolutions(dtype):
            rounded = network(pictures)

    unit = torch.finfo(dtype).eps * exact.abs().max()
    assert (rounded - expected).abs().max() <= unit
    assert (rounded - exact).abs().max() > unit / 8


def blob() -> np.ndarray:
    return np.random.RandomState(0).uniform(0, 1, (1, 3, 24, 24)).astype(np.float32)


def convolution(*weights: float) -> nn.Conv2d:
    """A 1x1 convolution of three channels to one, without a bias."""
    layer = nn.Conv2d(3, 1, 1, bias=False).eval()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights).view(1, 3, 1, 1))
    return layer


def test_scores_are_those_of_one_picture_in_float32() -> None:
    scores = scores_of(convolution(1, 0, 0), blob())

    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, blob()[0, :1], rtol=1e-6)


def test_a_lesser_precision_may_be_off_further() -> None:
    tolerances = measured_tolerances(convolution(0.1, 0.7, 0.3), blob())

    assert tolerances.keys() == {"float32", "float16", "bfloat16"}
    assert tolerances["float32"] == 1e-3 <= tolerances["float16"] < tolerances["bfloat16"]
    assert tolerances["bfloat16"] >= MARGIN * torch.finfo(torch.bfloat16).eps / 10


def test_a_precision_in_which_everything_would_be_right_is_left_out() -> None:
    # What is left of two great numbers is smaller than what bfloat16 rounds them by.
    tolerances = measured_tolerances(
        lambda pictures: convolution(1, 0, 0)(pictures + 1000) - convolution(1, 0, 0)(pictures * 0 + 1000), blob()
    )

    assert "bfloat16" not in tolerances
    assert tolerances["float32"] == 1e-3
