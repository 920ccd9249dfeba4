import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.architecture_facts import ARCHITECTURES
from deeplab_cv.pytorch.training.validate import predict


class Brightness(torch.nn.Module):
    """Says class 1 where the left half of a cell of 8x8 pixels is bright."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        bright = torch.nn.functional.avg_pool2d(pictures[:, :1], 8)
        return torch.cat([-bright, bright], dim=1)


@pytest.mark.parametrize("size", [Size(64, 48), Size(33, 77), Size(90, 51)])
def test_labels_come_at_the_pictures_own_size_and_place(size: Size) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 255
    labels = predict(Brightness(), ARCHITECTURES["deeplabv3_lite"], picture, 256, torch.device("cpu"))
    assert labels.shape == (height, width)
    assert (labels[:, : width // 2 - 2] == 0).all() and (labels[:, width // 2 + 2 :] == 1).all()
