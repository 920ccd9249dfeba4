import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.training.optimizer import build_optimizer, leave_rows


def rates(begun: bool, grown: bool = False) -> dict[str, float]:
    network = build_network("deeplabv3_lite", 3)
    optimizer = build_optimizer(network, 1e-3, begun=begun, grown=grown)
    full_rate = {id(parameter): group["full_rate"] for group in optimizer.param_groups for parameter in group["params"]}
    return {name: full_rate[id(parameter)] for name, parameter in network.named_parameters()}


def test_the_pretrained_backbone_learns_more_slowly_than_the_head() -> None:
    found = rates(begun=False)
    assert found["backbone.conv_stem.1.weight"] == pytest.approx(4e-4)
    assert found["refine.0.weight"] == found["classifier.weight"] == pytest.approx(1e-3)


def test_in_a_network_that_was_trained_before_only_a_last_layer_with_new_classes_has_the_full_rate() -> None:
    found = rates(begun=True, grown=True)
    assert found["backbone.conv_stem.1.weight"] == pytest.approx(4e-5)
    assert found["refine.0.weight"] == pytest.approx(1e-4)
    assert found["classifier.weight"] == found["classifier.bias"] == pytest.approx(1e-3)
    assert rates(begun=True)["classifier.weight"] == pytest.approx(1e-4)


def test_rows_that_are_left_do_not_move_and_the_others_do() -> None:
    network = torch.nn.Sequential()
    network.classifier = torch.nn.Conv2d(4, 3, 1)
    before = network.classifier.weight.detach().clone()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0)
    network(torch.ones(1, 4, 2, 2)).sum().backward()
    leave_rows(network, [1])
    optimizer.step()
    moved = (network.classifier.weight != before).flatten(1).all(dim=1)
    assert moved.tolist() == [True, False, True]
