"""A network in int8 for TorchScript, by PyTorch's own static quantisation of a traced graph (FX)."""

import contextlib
import copy
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from deeplab_cv.machine.processor import sums_in_32_bits
from deeplab_cv.pytorch.torchvision_import import import_torchvision
from deeplab_cv.tools.data.records import Mask
from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix


@dataclass(frozen=True)
class AgainstFloat:
    """How an int8 network does beside the float one.

    Attributes:
        agreement: share of all pixels to which both give the same label, 0..1.
        miou: mean IoU of the int8 labels with the float ones over the classes that either sees, 0..1.
        float_ms, int8_ms: median milliseconds of a picture, both in turns.
    """

    agreement: float
    miou: float
    float_ms: float
    int8_ms: float


def static_int8(network: nn.Module, pictures: Sequence[Tensor], progress: Callable[[], None]) -> nn.Module:
    """The network with weights and activations in int8, ranges measured on pictures.

    Weights are rounded for each channel. Ranges of activations are the pictures' mean least and greatest values, since
    PyTorch's usual histograms take minutes and cost labels. The file holds plain weights, so that a phone's QNNPACK
    packs them in its own way. Processors that add in 16 bits get activations of seven bits: they cannot overflow there.

    Args:
        network: float, in evaluation mode; it is not changed.
        pictures: float32 (1, 3, H, W), normalised; at least one.
        progress: called after every picture.
    """
    with warnings.catch_warnings():
        # torch says at each use that these tools move to a package of their own.
        warnings.simplefilter("ignore")
        from torch.ao.quantization import QConfig, QConfigMapping
        from torch.ao.quantization.observer import MovingAverageMinMaxObserver, default_per_channel_weight_observer
        from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

        ranges = MovingAverageMinMaxObserver.with_args(reduce_range=not sums_in_32_bits())
        how = QConfigMapping().set_global(QConfig(ranges, default_per_channel_weight_observer))  # type: ignore[no-untyped-call]
        prepared = prepare_fx(with_plain_norms(copy.deepcopy(network)), how, example_inputs=(pictures[0],))
        with torch.inference_mode():
            for picture in pictures:
                prepared(picture)
                progress()
        int8: nn.Module = convert_fx(prepared)
        return int8


def with_plain_norms(module: nn.Module) -> nn.Module:
    """The module with each of timm's joined layers as a norm and an activation, which PyTorch knows how to fuse."""
    import_torchvision()
    from timm.layers.norm_act import BatchNormAct2d

    for name, child in module.named_children():
        if isinstance(child, BatchNormAct2d):
            norm = nn.BatchNorm2d(child.num_features, eps=child.eps)
            norm.load_state_dict(child.state_dict())
            setattr(module, name, nn.Sequential(norm, child.act).eval())
        else:
            with_plain_norms(child)
    return module


def against_float(
    float_network: nn.Module,
    int8_network: nn.Module,
    pictures: Sequence[Tensor],
    class_count: int,
    progress: Callable[[], None],
) -> AgainstFloat:
    """Run both on pictures (1, 3, H, W), one after the other; at least one, to which neither was fitted."""
    confusion = np.zeros((class_count, class_count), np.int64)
    float_ms, int8_ms = [], []
    with torch.inference_mode():
        # The first run of a script compiles it.
        for network in (float_network, int8_network):
            network(pictures[0])
        for picture in pictures:
            expected, ms = _timed_labels(float_network, picture)
            float_ms.append(ms)
            labels, ms = _timed_labels(int8_network, picture)
            int8_ms.append(ms)
            confusion += confusion_matrix(expected, labels, class_count)
            progress()
    figures = accuracy(confusion)
    return AgainstFloat(figures.pixel_accuracy, figures.miou, statistics.median(float_ms), statistics.median(int8_ms))


@contextlib.contextmanager
def computing_with(engine: str) -> Iterator[None]:
    """Load and run int8 networks with this engine of torch's, such as a phone's QNNPACK."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        yield
    finally:
        torch.backends.quantized.engine = before


def int8_engines() -> tuple[str, ...]:
    """The engine that this torch takes by itself and, if it has that, the one of phones."""
    usual, phone = torch.backends.quantized.engine, "qnnpack"
    return (usual, phone) if phone in torch.backends.quantized.supported_engines and usual != phone else (usual,)


def _timed_labels(network: nn.Module, picture: Tensor) -> tuple[Mask, float]:
    start = time.perf_counter()
    scores = network(picture)["out"]
    ms = (time.perf_counter() - start) * 1000
    return scores[0].argmax(dim=0).to(torch.uint8).numpy(), ms
