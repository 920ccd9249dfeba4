import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.pytorch.training.replicas import Replicas


def test_two_replicas_give_the_gradients_of_the_whole_batch() -> None:
    network = torch.nn.Conv2d(3, 2, 3)
    batch = (torch.randn(4, 3, 8, 8),)
    Replicas(network, 1).backward(lambda model, part: model(part[0]).square().mean(), batch)
    whole = network.weight.grad.clone()
    Replicas(network, 2).backward(lambda model, part: model(part[0]).square().mean(), batch)
    assert torch.allclose(network.weight.grad, whole, atol=1e-6)


def test_replicas_end_a_step_with_the_same_statistics() -> None:
    network = torch.nn.BatchNorm2d(3)
    replicas = Replicas(network, 2)
    replicas.backward(lambda model, part: model(part[0]).sum(), (torch.randn(4, 3, 5, 5),))
    first, second = (replica.running_mean for replica in replicas.networks)
    assert torch.equal(first, second) and first.abs().sum() > 0
