import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from torch import nn

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import UsageError
from deeplab_cv.pytorch.exporting.full_network import FixedSizeScores, FullSizeScores, full_network
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork, random_weights

MOBILE, LRASPP, LITE = "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large", "deeplabv3_lite"


@pytest.fixture(scope="module", params=[MOBILE, LRASPP, LITE])
def trained(request: pytest.FixtureRequest) -> TrainedNetwork:
    return random_weights(request.param, VOC_CLASSES, seed=1)


@pytest.fixture(scope="module")
def mobile() -> TrainedNetwork:
    return random_weights(MOBILE, VOC_CLASSES, seed=1)


def pictures(height: int = 64, width: int = 96) -> "torch.Tensor":
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(0))


def test_scores_are_as_large_as_the_picture_and_those_of_the_trained_network(trained: TrainedNetwork) -> None:
    with torch.inference_mode():
        out = full_network(trained)(pictures())["out"]
        small = trained.network(pictures())
        enlarged = nn.functional.interpolate(small, size=(64, 96), mode="bilinear", align_corners=False)

    assert out.shape == (1, 21, 64, 96)
    torch.testing.assert_close(out, enlarged, rtol=1e-3, atol=1e-4)


def test_the_second_head_is_there_where_it_is_asked_for(mobile: TrainedNetwork) -> None:
    with torch.inference_mode():
        alone, both = full_network(mobile)(pictures()), full_network(mobile, with_aux=True)(pictures())

    assert alone.keys() == {"out"}
    assert both.keys() == {"out", "aux"}
    torch.testing.assert_close(both["out"], alone["out"])


@pytest.mark.parametrize("name", [LRASPP, LITE])
def test_a_network_without_a_second_head_cannot_give_one(name: str) -> None:
    with pytest.raises(UsageError, match=f"the weights have no auxiliary head: {name}"):
        full_network(random_weights(name, VOC_CLASSES, seed=1), with_aux=True)


def test_our_own_network_stands_behind_the_same_interface() -> None:
    class Cells(nn.Module):
        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            return nn.functional.avg_pool2d(pictures, 8)

    out = FullSizeScores(Cells())(torch.ones(2, 3, 16, 24))

    assert out.keys() == {"out"}
    assert torch.equal(out["out"], torch.ones(2, 3, 16, 24))


@pytest.mark.parametrize("with_aux", [False, True])
def test_the_form_of_one_size_gives_the_same_scores_in_a_tuple(mobile: TrainedNetwork, with_aux: bool) -> None:
    whole = full_network(mobile, with_aux=with_aux)
    fixed = FixedSizeScores(whole, 64).eval()
    with torch.inference_mode():
        expected, found = whole(pictures(64, 64)), fixed(pictures(64, 64))

    assert len(found) == len(expected) == 1 + with_aux
    for scores, name in zip(found, ("out", "aux"), strict=False):
        torch.testing.assert_close(scores, expected[name])


def test_lraspp_s_head_takes_features_of_two_depths_in_the_form_of_one_size_too() -> None:
    whole = full_network(random_weights(LRASPP, VOC_CLASSES, seed=1))
    with torch.inference_mode():
        [scores] = FixedSizeScores(whole, 64).eval()(pictures(64, 64))
        expected = whole(pictures(64, 64))["out"]

    torch.testing.assert_close(scores, expected)
