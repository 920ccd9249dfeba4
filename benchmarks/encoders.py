"""What H.264 costs by preset and crf, beside what cv2.VideoWriter gives: time, bytes and quality of painted clips.

    python benchmarks/encoders.py CLIP.mp4 ... [--presets superfast veryfast] [--crfs 18 19 20] [--x264 aq-mode=3 ...]

Each clip is painted as the program paints it, then every candidate encodes the same frames in turns (A B A B), one
thread each unless its x264 parameters say otherwise. Milliseconds are of the processor, the median round; PSNR and SSIM
(8x8 windows, every fifth frame) are of luma against what the encoder was given. "mp4v" is what cv2.VideoWriter writes
for most scripts; its time holds the way from BGR, of which the second figure is the share.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.pixels import Image, Pixels, Plane, samples
from deeplab_cv.networks.opening import default_network_file, open_network
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks.encoding import YuvConverter
from deeplab_cv.sources.video import VideoSource

SSIM_STEP = 5
WINDOW = (8, 8)
LEVELS = 255.0


@dataclass(frozen=True)
class Encoded:
    """One candidate's file: what it took in processor milliseconds a frame, and its bytes a frame."""

    file: Path
    ms: float
    size: float


def painted_pictures(clip: Path, frames: int) -> list[Pixels]:
    """The clip's first frames as the program paints them, in YUV."""
    view = View()
    pictures: list[Pixels] = []
    with VideoSource(clip) as source, NetworkEngines(open_network(default_network_file()), EngineOptions()) as engines:
        stream = Stream(engines)
        while len(pictures) < frames and (frame := source.read()) is not None:
            scored = stream.score(frame)
            painted = painted_frame(scored, labels_of(scored), view).pixels
            painted.make()
            pictures.append(painted)
    return pictures


def with_x264(pictures: list[Pixels], file: Path, preset: str, crf: int, more: str) -> Encoded:
    """Through libx264 as the program's own sink uses it; `more`: x264's own words, such as `aq-mode=3:threads=2`."""
    converter = YuvConverter(pictures[0].size)
    frames = [converter.frame_of(picture) for picture in pictures]
    options = {"preset": preset, "crf": str(crf)} | ({"x264-params": more} if more else {})
    begun = time.process_time()
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height = converter.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(frames):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    spent_ms = (time.process_time() - begun) * 1000
    return Encoded(file, spent_ms / len(frames), file.stat().st_size / len(frames))


def with_video_writer(pictures: list[Pixels], file: Path) -> Encoded:
    """Through cv2.VideoWriter as scripts use it, from BGR."""
    images = [picture.image for picture in pictures]
    begun = time.process_time()
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 30, pictures[0].size)
    for image in images:
        writer.write(image)
    writer.release()
    spent_ms = (time.process_time() - begun) * 1000
    return Encoded(file, spent_ms / len(images), file.stat().st_size / len(images))


def writers_luma(image: Image) -> Plane:
    """The luma that cv2.VideoWriter makes of BGR: swscale's default way."""
    return samples(av.VideoFrame.from_ndarray(image, "bgr24").reformat(format="yuv420p").planes[0]).copy()


def quality(file: Path, lumas: list[Plane]) -> tuple[float, float]:
    """PSNR in dB over all frames, and mean SSIM, of luma."""
    squares, likeness = [], []
    with av.open(str(file)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            luma = samples(frame.planes[0])
            squares.append(cv2.norm(luma, lumas[number], cv2.NORM_L2SQR) / luma.size)
            if number % SSIM_STEP == 0:
                likeness.append(ssim(luma, lumas[number]))
    if len(squares) != len(lumas):
        sys.exit(f"{file.name}: {len(lumas)} frames were written but {len(squares)} came back")
    return float(10 * np.log10(LEVELS**2 / np.mean(squares))), float(np.mean(likeness))


def ssim(one: Plane, other: Plane) -> float:
    """Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004, in boxes."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    mean_a, mean_b = (cv2.boxFilter(plane, -1, WINDOW) for plane in (a, b))
    var_a, var_b, covariance = (
        cv2.boxFilter(squared, -1, WINDOW) - means
        for squared, means in ((a * a, mean_a**2), (b * b, mean_b**2), (a * b, mean_a * mean_b))
    )
    small, smaller = (0.01 * LEVELS) ** 2, (0.03 * LEVELS) ** 2
    above = (2 * mean_a * mean_b + small) * (2 * covariance + smaller)
    below = (mean_a**2 + mean_b**2 + small) * (var_a + var_b + smaller)
    return float((above / below).mean())


def main() -> None:
    """Print one table for each clip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--presets", nargs="+", default=["ultrafast", "superfast", "veryfast", "faster"])
    parser.add_argument("--crfs", nargs="+", type=int, default=[16, 17, 18, 19, 20, 21, 22])
    parser.add_argument("--x264", nargs="+", default=[""], help="further parameters of x264's own, '' for none")
    parser.add_argument("--frames", type=int, default=150, help="so many from each clip's beginning")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    for clip in args.clips:
        pictures = painted_pictures(clip, args.frames)
        with tempfile.TemporaryDirectory() as folder:
            candidates: dict[str, Callable[[], Encoded]] = {}
            for preset, crf, more in product(args.presets, args.crfs, args.x264):
                file = Path(folder) / f"{len(candidates)}.mp4"
                candidates[f"{preset} {crf} {more}".strip()] = partial(with_x264, pictures, file, preset, crf, more)
            candidates["mp4v"] = partial(with_video_writer, pictures, Path(folder) / "mp4v.mp4")
            runs: dict[str, list[Encoded]] = {name: [] for name in candidates}
            for _ in range(args.rounds):
                for name, encode in candidates.items():
                    runs[name].append(encode())
            lumas = [picture.planes.y for picture in pictures if picture.planes is not None]
            print(f"{clip.name}: {len(pictures)} frames of {pictures[0].size}")
            print("| x264 | processor ms | kB | PSNR | SSIM |\n|---|---|---|---|---|")
            for name, encodings in runs.items():
                truth = lumas if name != "mp4v" else [writers_luma(picture.image) for picture in pictures]
                psnr, likeness = quality(encodings[-1].file, truth)
                ms = statistics.median(each.ms for each in encodings)
                row = f"| {name} | {ms:.1f} | {encodings[-1].size / 1000:.1f} | {psnr:.2f} | {likeness:.4f} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
