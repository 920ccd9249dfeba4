"""A video file, encoded through PyAV at the source's own timestamps."""

from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
import av.video.stream

from deeplab_cv.errors import SinkError
from deeplab_cv.frame import Painted
from deeplab_cv.sources import SourceInfo


class VideoSink:
    """Painted pictures as a video file; opened at the first picture, whose size decides the file's."""

    def __init__(self, path: Path, source_info: SourceInfo, codec: str | None, crf: int | None, preset: str | None):
        self._path = path
        self._temporary = path.with_name(f".{path.stem}.unfinished{path.suffix}")
        self._source_info = source_info
        self._codec = codec or "h264"
        self._options = {"crf": str(18 if crf is None else crf), "preset": preset or "veryfast"}
        self._container: av.container.OutputContainer | None = None
        self._stream: av.video.stream.VideoStream | None = None
        self._count = 0

    def write(self, painted: Painted) -> None:
        """Encode one picture. Raises SinkError where it cannot be written."""
        try:
            if self._container is None:
                self._open(painted)
            assert self._container is not None and self._stream is not None
            frame = av.VideoFrame.from_ndarray(painted.picture, format="bgr24")
            frame.pts, frame.time_base = painted.frame.pts, painted.frame.time_base
            self._container.mux(self._stream.encode(frame))
            self._count += 1
        except (av.error.FFmpegError, OSError) as error:
            raise SinkError("cannot write the video", self._path, str(error)) from error

    def finish(self) -> str:
        """Write the trailer and give the file its name."""
        if self._container is None:
            return ""
        try:
            self._close()
            self._temporary.replace(self._path)
        except (av.error.FFmpegError, OSError) as error:
            raise SinkError("cannot write the video", self._path, str(error)) from error
        return f"{self._path}: {self._count} frames"

    def abandon(self) -> str:
        """Keep what was written as NAME.partial.EXT."""
        if self._container is None:
            return ""
        partial = self._path.with_name(f"{self._path.stem}.partial{self._path.suffix}")
        try:
            self._close()
            self._temporary.replace(partial)
        except (av.error.FFmpegError, OSError):
            return ""
        return f"{partial}: {self._count} frames, not whole"

    def _open(self, painted: Painted) -> None:
        height, width = painted.picture.shape[:2]
        rate = self._source_info.frame_rate or Fraction(30)
        self._container = av.open(str(self._temporary), "w", options={"movflags": "+faststart"})
        stream = self._container.add_stream("libx264", rate=rate, options=self._options)
        stream.width, stream.height, stream.pix_fmt = width - width % 2, height - height % 2, "yuv420p"
        stream.codec_context.time_base = painted.frame.time_base
        self._stream = stream

    def _close(self) -> None:
        assert self._container is not None and self._stream is not None
        self._container.mux(self._stream.encode(None))
        self._container.close()
