import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from torch import nn

from deeplab_cv.pytorch.exporting.golden import RoundedConvolutions


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
