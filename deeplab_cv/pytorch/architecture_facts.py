"""The networks that are trained and exported, as facts; without torch, so that `--help` names them at once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """What a network expects and gives.

    Attributes:
        mean, std: per channel (RGB), in 0..255 units; the network's input is (x - mean) / std.
        input_multiple: height and width of the input are multiples of this.
        score_stride: input pixels per score.
    """

    name: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_multiple: int
    score_stride: int


IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)

LITE = Architecture("deeplabv3_lite", (127.0,) * 3, (128.0,) * 3, 16, 8)
"""The project's own."""

ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        LITE,
        Architecture("deeplabv3_mobilenet_v3_large", IMAGENET_MEAN, IMAGENET_STD, 16, 16),
        Architecture("deeplabv3_resnet50", IMAGENET_MEAN, IMAGENET_STD, 8, 8),
        Architecture("deeplabv3_resnet101", IMAGENET_MEAN, IMAGENET_STD, 8, 8),
        Architecture("lraspp_mobilenet_v3_large", IMAGENET_MEAN, IMAGENET_STD, 16, 8),
    )
}
