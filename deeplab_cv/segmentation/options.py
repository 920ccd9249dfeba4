"""Which frames are inferred, and how calm labels are."""

from deeplab_cv.options import Options, option


class PaceOptions(Options):
    """Which frames are inferred, and which rate is to be reached."""

    # fmt: off
    carry: int = option(1, "infer every N-th frame; in between the labels follow the picture by optical flow", "frames", ge=1, le=30)
    target_fps: float | None = option(None, "frame rate to reach: with smaller input where the network is proven at some, then by carrying labels", "frames/s", ge=0.01, le=1000)
    still: float = option(0.0, "a frame is not inferred while nothing in it changed by more than this, for up to a second; 0 is off", "0..255", ge=0, le=255)
    # fmt: on


class LabelOptions(Options):
    """How calm labels are."""

    # fmt: off
    smooth: float | None = option(None, "weight of earlier scores, averaged along the motion; 0 is off; without it 0.6 for a live picture, 0 for files", "0..0.95", ge=0, le=0.95)
    # fmt: on
