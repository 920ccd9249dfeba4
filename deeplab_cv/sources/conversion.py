"""A decoded frame -> the picture a player shows: right colours, square pixels, upright."""

import threading
from fractions import Fraction
from typing import cast

import av.error
import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray

from deeplab_cv.frames.pixels import (
    BT601,
    BT709,
    DeepPlanes,
    Image,
    Pixels,
    Planes,
    assumed_matrix,
    deep_samples,
    flip,
    merged,
    samples,
)
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pictures import over_black

_UNTOLD_MATRICES = (2, 3)
"""FFmpeg's AVCOL_SPC_UNSPECIFIED and AVCOL_SPC_RESERVED."""

_FULL_RANGE = 2
"""FFmpeg's AVCOL_RANGE_JPEG."""

_MATRICES = {1: BT709, 5: BT601, 6: BT601}
"""By FFmpeg's number; 5 and 6 are the same matrix for 625 and 525 lines."""

_DEEP_MATRICES = (1, 5, 6, 9)
"""BT.709, both of BT.601, and BT.2020, that of HDR."""

UPRIGHT: NDArray[np.int32] = np.array([[65536, 0], [0, 65536]], np.int32)
"""The display matrix that turns nothing."""

_EXACT_BILINEAR = 0x2 | 0x2000 | 0x40000
"""libswscale's SWS_BILINEAR, SWS_FULL_CHR_H_INT and SWS_ACCURATE_RND; PyAV 17 has no names for the last two."""


_MIRRORED = {2: [[-1, 0], [0, 1]], 4: [[1, 0], [0, -1]], 5: [[0, 1], [1, 0]], 7: [[0, -1], [-1, 0]]}
"""The display matrix of each of EXIF's orientations that has a flip in it."""


class FrameConverter:
    """Makes pictures of one size of all frames of a video, even of one that changes its size midway."""

    def __init__(self, first: VideoFrame, pixel_aspect: Fraction | None, *, orientation: int = 1) -> None:
        """Ready for frames like the first.

        Args:
            first: the stream's first frame.
            pixel_aspect: width of a stored pixel divided by its height; None where the file does not say.
            orientation: EXIF's, for a photograph that is read as a video; PyAV gives only its rotation.
        """
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()
        self._stored = square_pixel_size(first.width, first.height, pixel_aspect)
        # Asked of one frame only: side data and its frame refer to each other, so that such a frame's memory is not
        # given back before Python looks for cycles, hundreds of frames later.
        mirrored = _MIRRORED.get(orientation)
        self._display_matrix = display_matrix(first) if mirrored is None else np.array(mirrored, np.int32) * 65536
        self.size = Size(*self._stored.hw) if _is_transposed(self._display_matrix) else self._stored

    def pixels_of(self, frame: VideoFrame) -> Pixels:
        """The picture; transparent parts lie over black.

        Raises ValueError for colours that are defined in a way swscale does not know.
        """
        planes = self._planes(frame)
        if planes is None:
            return Pixels(image=self._image(frame), deep=self._deep_planes(frame))
        return Pixels(image=lambda: self._image(frame), planes=planes)

    def _planes(self, frame: VideoFrame) -> Planes | None:
        """The decoder's own planes, where they are the upright picture in the usual kind of YUV."""
        matrix = _MATRICES.get(_matrix(frame) or frame.colorspace)
        if matrix is None or frame.format.name != "yuv420p" or not self._is_upright(frame):
            return None
        y, u, v = map(samples, frame.planes)
        return Planes(y, u, v, matrix)

    def _deep_planes(self, frame: VideoFrame) -> DeepPlanes | None:
        """The decoder's own planes of 10 bits, where they are the upright picture."""
        matrix = int(_matrix(frame) or frame.colorspace)
        if matrix not in _DEEP_MATRICES or frame.format.name != "yuv420p10le" or not self._is_upright(frame):
            return None
        y, u, v = map(deep_samples, frame.planes)
        return DeepPlanes(y, u, v, matrix)

    def _is_upright(self, frame: VideoFrame) -> bool:
        """The frame as it is stored, of limited range, is the picture as it is seen, with whole samples of colour."""
        as_stored = self._stored == (frame.width, frame.height) == self.size
        turned_or_flipped = not np.array_equal(self._display_matrix, UPRIGHT)
        odd = frame.width % 2 or frame.height % 2
        return as_stored and not turned_or_flipped and not odd and frame.color_range != _FULL_RANGE

    def _image(self, frame: VideoFrame) -> Image:
        # Whoever asks first for a frame's BGR form makes it, in any thread; swscale's state serves one at a time.
        with self._lock:
            return self._converted(frame)

    def _converted(self, frame: VideoFrame) -> Image:
        has_alpha = any(component.is_alpha for component in frame.format.components)
        try:
            planar = self._reformatter.reformat(
                frame,
                *self._stored,
                # Planar, since swscale's quick way to BGR makes every channel 1 to 1.5 levels too dark and takes the
                # nearest chroma sample, and its exact way costs twice as much as its exact way to planes and a merge.
                format="gbrap" if has_alpha else "gbrp",
                src_colorspace=_matrix(frame),
                interpolation=_EXACT_BILINEAR,
                threads=1,
            )
        except av.error.FFmpegError as error:
            raise ValueError(f"colours of kind {frame.format.name}/{frame.colorspace} cannot be converted") from error
        green, blue, red, *alpha = map(samples, planar.planes)
        picture = merged(blue, green, red, *alpha)
        return turned_by_matrix(over_black(picture) if has_alpha else picture, self._display_matrix)


def square_pixel_size(width: int, height: int, pixel_aspect: Fraction | None) -> Size:
    """The size of a picture once its pixels are square; always enlarging.

    DVD and DV store 720 columns for 4:3 and 16:9 alike; a network that sees people squeezed finds fewer of them.
    """
    aspect = pixel_aspect or Fraction(1)
    # Encoders write ratios like 1280:1279 to make up for a rounded side: no reason to interpolate every frame.
    if abs(aspect - 1) < Fraction(1, 100) or not Fraction(1, 5) < aspect < 5:
        return Size(width, height)
    return Size(round(width * aspect), height) if aspect > 1 else Size(width, round(height / aspect))


def display_matrix(frame: VideoFrame) -> NDArray[np.int32]:
    """How the frame is to be turned and flipped: int32 (2, 2), a row for x and one for y, times 65536.

    FFmpeg's display matrix without its translation: x' = [0, 0] x + [1, 0] y, y' = [0, 1] x + [1, 1] y.
    """
    try:
        side_data = cast(SideDataContainer, frame.side_data)  # PyAV's stubs know of motion vectors only
    except ValueError:
        # PyAV has no name for some of it, such as a photograph's EXIF; flips are lost, which such frames hardly have.
        return _rotation_matrix(frame.rotation)
    if "DISPLAYMATRIX" not in side_data:
        return UPRIGHT
    return np.frombuffer(memoryview(side_data["DISPLAYMATRIX"]), np.int32).reshape(3, 3)[:2, :2]


def _rotation_matrix(degrees: int) -> NDArray[np.int32]:
    """The display matrix of a counterclockwise rotation."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.rint(np.array([[cosine, -sine], [sine, cosine]]) * 65536)
    return np.asarray(matrix, np.int32)


def turned_by_matrix(image: Image, matrix: NDArray[np.int32]) -> Image:
    """The image turned by the nearest multiple of 90 degrees and flipped, as the display matrix says."""
    transposed = _is_transposed(matrix)
    if transposed:
        image = np.asarray(cv2.transpose(image), np.uint8)
    x_sign, y_sign = (matrix[1, 0], matrix[0, 1]) if transposed else (matrix[0, 0], matrix[1, 1])
    flips = {(True, False): 1, (False, True): 0, (True, True): -1}
    code = flips.get((bool(x_sign < 0), bool(y_sign < 0)))
    return image if code is None else flip(image, code)


def _is_transposed(matrix: NDArray[np.int32]) -> bool:
    return abs(int(matrix[0, 1])) > abs(int(matrix[0, 0]))


def _matrix(frame: VideoFrame) -> Colorspace | None:
    """What turns this frame's YUV into RGB: None where the frame says so itself, else what players assume."""
    if frame.colorspace not in _UNTOLD_MATRICES:
        return None
    return Colorspace.ITU709 if assumed_matrix(Size(frame.width, frame.height)) == BT709 else Colorspace.ITU601
