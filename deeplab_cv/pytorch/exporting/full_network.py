"""A network as its users outside this program know it: normalised pictures in, scores as large as the picture out."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from deeplab_cv.errors import UsageError
from deeplab_cv.pytorch.exporting.weights import TrainedNetwork
from deeplab_cv.pytorch.torchvision_import import import_torchvision


class FullSizeScores(nn.Module):
    """Our own network behind torchvision's interface: a dictionary whose `out` is as large as the picture."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """`out`: scores (N, classes, H, W) of normalised pictures (N, 3, H, W)."""
        scores = self.network(pictures)
        size = [pictures.shape[2], pictures.shape[3]]
        return {"out": functional.interpolate(scores, size=size, mode="bilinear", align_corners=False)}


def full_network(trained: TrainedNetwork, *, with_aux: bool = False) -> nn.Module:
    """torchvision's network with trained weights: normalised RGB (N, 3, H, W) -> `out` and, if asked for, `aux`.

    Raises UsageError where the auxiliary head is asked for and the weights have none.
    """
    name = trained.architecture.name
    if with_aux and not trained.auxiliary:
        raise UsageError("the weights have no auxiliary head", name, "leave out --with-aux")
    if name == "deeplabv3_lite":
        return FullSizeScores(trained.network).eval()
    options: dict[str, Any] = {"aux_loss": with_aux} if "deeplabv3" in name else {}
    models = import_torchvision().models
    network: nn.Module = models.get_model(
        name, weights=None, weights_backbone=None, num_classes=len(trained.classes), **options
    )
    network.load_state_dict({**trained.network.state_dict(), **(trained.auxiliary if with_aux else {})})
    return network.eval()


class FixedSizeScores(nn.Module):
    """A full network for one size, so that its graph computes no sizes: a tuple of `output` and, if there, `aux`."""

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.backbone = network.get_submodule("backbone")
        heads = {"out": network.get_submodule("classifier")}
        auxiliary = getattr(network, "aux_classifier", None)
        if auxiliary is not None:
            heads["aux"] = auxiliary
        self.heads = nn.ModuleDict(heads)
        self.takes_all_features = not isinstance(heads["out"], nn.Sequential)
        self.size = size

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Scores (1, classes, size, size) of each head."""
        features = self.backbone(pictures)
        outputs = []
        for name, head in self.heads.items():
            scores = head(features if self.takes_all_features else features[name])
            outputs.append(
                functional.interpolate(scores, size=(self.size, self.size), mode="bilinear", align_corners=False)
            )
        return tuple(outputs)
