"""Where pictures, masks and figures go, and how a video is encoded."""

from typing import Literal

from deeplab_cv.options import Options, option

StatsForm = Literal["wide", "long"]


class OutputOptions(Options):
    """Where pictures, masks and figures go, and how a video is encoded."""

    # fmt: off
    out: str | None = option(None, "painted video file (.mp4 .mkv .webm .mov) or picture; a folder for several pictures; a live stream: rtmp://..., rtsp://..., udp://...", metavar="FILE|FOLDER|URL")
    masks: str | None = option(None, "folder for one 8-bit index PNG per frame, in VOC colours", metavar="FOLDER")
    stats: str | None = option(None, "file for the area of each class per frame (.csv or .jsonl)", metavar="FILE")
    stats_form: StatsForm = option("wide", "wide: a line for each frame; long: one for each frame and class, as pandas and R like it")
    virtual_camera: bool = option(False, "send the painted picture to a virtual camera, which meeting programs can choose")
    virtual_width: int = option(1280, "width of the virtual camera", "px", ge=16, le=8192, metavar="PIXELS")
    virtual_height: int = option(720, "height of the virtual camera", "px", ge=16, le=8192, metavar="PIXELS")
    virtual_fps: float = option(30.0, "frame rate of the virtual camera", "frames/s", ge=1, le=240)
    headless: bool = option(False, "open no window")
    codec: Literal["h264", "hevc", "vp9", "av1"] | None = option(None, "video codec; without it the file's extension decides")
    crf: int | None = option(None, "quality of the video, lower is better", ge=0, le=63)
    preset: str | None = option(None, "encoder preset, such as veryfast or 8")
    # fmt: on

    @property
    def writes_files(self) -> bool:
        """Something is written, or sent."""
        return bool(self.out or self.masks or self.stats or self.virtual_camera)
