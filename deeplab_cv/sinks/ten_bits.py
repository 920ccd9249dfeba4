"""Frames of 10 bits a sample: what nobody painted stays what the decoder gave, and a line tells of HDR."""

import logging

import numpy as np
from av.video.frame import VideoFrame

from deeplab_cv.frames.frame import Painted
from deeplab_cv.frames.pixels import deep_samples
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.encoding import YuvConverter

TEN_BITS = "yuv420p10le"

_HDR = {16: "PQ", 18: "HLG"}
"""FFmpeg's numbers of the transfers of HDR."""

_log = logging.getLogger(__name__)


def frame_of_ten_bits(painted: Painted, converter: YuvConverter) -> VideoFrame:
    """The painted picture for the encoder; samples where no pixel was changed are the source's own, bit for bit.

    Args:
        painted: the picture, and the frame below it.
        converter: makes frames of 10 bits with the source's own matrix.
    """
    frame, deep, picture = converter.convert(painted.picture), painted.frame.pixels.deep, painted.picture
    if deep is None or not Size.of(picture) == Size.of(deep.y) == converter.size or deep.matrix != converter.colorspace:
        return frame
    same = (picture == painted.frame.image).all(axis=2)
    height, width = same.shape
    same_in_four = same.reshape(height // 2, 2, width // 2, 2).all(axis=(1, 3))
    for stored, plane, where in zip(
        frame.planes, (deep.y, deep.u, deep.v), (same, same_in_four, same_in_four), strict=True
    ):
        np.copyto(deep_samples(stored), plane, where=where)
    return frame


def tell_of_hdr(name: str, transfer: int, pixel_format: str) -> None:
    """Tell what becomes of an HDR video of this transfer, FFmpeg's number; nothing of others."""
    if transfer not in _HDR:
        return
    if pixel_format == TEN_BITS:
        _log.info("%s is HDR (%s): its 10 bits are kept", name, _HDR[transfer])
    else:
        _log.info("%s is HDR (%s): written in 8 bits, --codec hevc keeps 10", name, _HDR[transfer])
