"""What is asked of a source: which one it is, and how it is read."""

from typing import Any

from pydantic import field_validator

from deeplab_cv.options import Options, option


class SourceOptions(Options):
    """Which sources are read, and how; width, height and fps are asked of a camera or the test pattern."""

    # fmt: off
    camera: tuple[str, ...] | None = option(None, "camera to open: its index or device path, such as 0 or /dev/video0; several at once with a flag for each", metavar="N|DEVICE")
    video: tuple[str, ...] | None = option(None, "video file to read, or a live stream: rtsp://..., rtmp://..., http://..., tcp://...; ${NAME} is taken from the environment; several at once with a flag for each", metavar="FILE|URL")
    image: str | None = option(None, "picture, folder of pictures, or glob such as 'pictures/*.jpg'", metavar="FILE|FOLDER|GLOB")
    pattern: int = option(0, "a moving test pattern, for machines without a camera; up to 16 at once with a flag for each", "0..16", ge=0, le=16, counted=True)
    browser_camera: bool = option(False, "the camera of a browser that has the page of --serve open")
    demo: bool = option(False, "the clip that comes with the program")
    tutorial: bool = option(False, "pictures in the window wait for its buttons Segment and Restart, as in PyTorch's iOS tutorial")
    width: int | None = option(None, "width asked of the camera or the test pattern", "px", ge=1, le=16384, metavar="PIXELS")
    height: int | None = option(None, "height asked of the camera or the test pattern", "px", ge=1, le=16384, metavar="PIXELS")
    fps: float | None = option(None, "frame rate asked of the camera or the test pattern", "frames/s", ge=0.01, le=1000)
    loop: bool = option(False, "begin again at the end of a video, of pictures or of the test pattern")
    mirror: bool = option(False, "flip left and right, as a mirror does")
    every: int = option(1, "take only every N-th frame", ge=1, le=1000000)
    start: float | None = option(None, "begin at this time of the video", "s", ge=0, le=10000000, metavar="SECONDS")
    end: float | None = option(None, "stop at this time of the video, or so long after a stream's first frame", "s", gt=0, le=10000000, metavar="SECONDS")
    retry: int | None = option(None, "how many tries a camera or stream that is gone gets, one after the other; without it for ever; 0 ends the run at once", ge=0, le=1000000)
    # fmt: on

    @field_validator("camera", "video", mode="before")
    @classmethod
    def _are_texts(cls, value: object) -> Any:
        """One name stands for a list of one; a camera's number is a text."""
        if value is None:
            return None
        several = value if isinstance(value, list | tuple) else [value]
        return tuple(str(each) if type(each) is int else each for each in several) or None

    @property
    def names_none(self) -> bool:
        """No source is named."""
        one_each = self.image is not None or self.browser_camera or self.demo
        return not (self.camera or self.video or self.pattern or one_each)
