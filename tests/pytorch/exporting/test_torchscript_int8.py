import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.pytorch.exporting.full_network import full_network
from deeplab_cv.pytorch.exporting.torchscript_int8 import against_float, computing_with, static_int8, with_plain_norms
from deeplab_cv.pytorch.exporting.weights import random_weights


class Split(torch.nn.Module):
    """A convolution whose scores of class 0 and 1 say whether a picture is dark or bright."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 2, 1)
        with torch.no_grad():
            self.conv.weight[0], self.conv.weight[1] = -1, 1
            self.conv.bias.zero_()

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": self.conv(pictures)}


def pictures(count: int) -> list[torch.Tensor]:
    return [torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1 for seed in range(count)]


def test_an_int8_network_gives_nearly_the_same_scores_from_weights_of_eight_bits() -> None:
    network, given = Split().eval(), pictures(4)

    int8 = static_int8(network, given, lambda: None)

    assert int8.conv.weight().dtype == torch.qint8
    assert (int8(given[0])["out"] - network(given[0])["out"]).abs().max() < 0.1


def test_the_float_network_is_left_as_it_was() -> None:
    network = Split().eval()

    static_int8(network, pictures(1), lambda: None)

    assert isinstance(network.conv, torch.nn.Conv2d)


def test_timm_s_joined_layers_give_the_same_scores_in_parts() -> None:
    networks = [full_network(random_weights("deeplabv3_lite", VOC_CLASSES, seed=1)) for _ in range(2)]
    picture = torch.rand(1, 3, 64, 64)

    with torch.inference_mode():
        assert torch.equal(with_plain_norms(networks[0])(picture)["out"], networks[1](picture)["out"])


def test_another_engine_computes_for_a_while_even_where_something_fails() -> None:
    usual = torch.backends.quantized.engine
    other = next(each for each in torch.backends.quantized.supported_engines if each != usual)

    with pytest.raises(ValueError, match="failed"), computing_with(other):
        inside = torch.backends.quantized.engine
        raise ValueError("failed")

    assert (inside, torch.backends.quantized.engine) == (other, usual)


def test_labels_that_differ_everywhere_agree_nowhere() -> None:
    network, turned = Split().eval(), Split().eval()
    with torch.no_grad():
        turned.conv.weight *= -1
    done: list[None] = []

    same = against_float(network, network, pictures(2), 2, lambda: None)
    other = against_float(network, turned, pictures(2), 2, lambda: done.append(None))

    assert (same.agreement, same.miou) == (1, 1)
    assert (other.agreement, other.miou) == (0, 0)
    assert min(other.float_ms, other.int8_ms) > 0
    assert len(done) == 2
