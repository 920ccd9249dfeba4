"""The public face: `from deeplab_cv import Segmenter`. Imports nothing heavy until a Segmenter is made."""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.result import Result

if TYPE_CHECKING:
    from deeplab_cv.batch.work import DoneRecord
    from deeplab_cv.frames.frame import Labels, Scored
    from deeplab_cv.frames.pixels import Image
    from deeplab_cv.segmentation.network_engines import NetworkEngines
    from deeplab_cv.sinks.sink import Written

_TAKE_S = 0.1
_USUAL_SIZE = Size(1280, 720)
"""Frames whose engine is loaded when a Segmenter is made."""


class Segmenter:
    """A network on the fastest engine of this machine that computes it right; to be called from any thread.

    Attributes:
        classes: the name behind each class number.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        backend: str = "auto",
        threads: int = 0,
        smooth: float = 0.0,
    ) -> None:
        """Load the network and prove its engine right, which takes seconds the first time on a machine.

        Args:
            model: an .onnx file; the network that comes with the package without it.
            backend: the engine, such as `opencv`, `onnxruntime:cuda` or `openvino:gpu`; auto takes the fastest.
            threads: processor threads; 0 leaves it to the program.
            smooth: weight of earlier scores in videos, averaged along the motion, 0..0.95; 0 is off.

        Raises:
            UserError: the network or the engine cannot be had, or an argument is wrong.
        """
        from deeplab_cv.engines.options import EngineOptions
        from deeplab_cv.networks.opening import default_network_file, open_network
        from deeplab_cv.options import checked
        from deeplab_cv.segmentation.options import LabelOptions

        self._engine = checked(EngineOptions, backend=backend, threads=threads)
        self._smooth = checked(LabelOptions, smooth=smooth).smooth or 0.0
        self._network = open_network(default_network_file() if model is None else Path(model))
        self._lock = threading.Lock()
        self._engines: dict[int, NetworkEngines] = {}
        self._closed = False
        self.classes: tuple[str, ...] = self._network.card.classes
        try:
            self._with_depth(1).load(_USUAL_SIZE)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, picture: Any, *, rgb: bool = False) -> Result:
        """Segment one picture.

        Args:
            picture: a file, a PIL picture, or uint8 (H, W, 3), BGR. Files and PIL pictures are turned as their EXIF
                orientation says.
            rgb: the array's channels are red, green and blue.

        Raises:
            SourceError: the picture cannot be read, or the array has another form.
            EngineError: the engine failed.
        """
        from deeplab_cv.frames.frame import picture_frame
        from deeplab_cv.segmentation.labels import labels_of
        from deeplab_cv.segmentation.stream import Stream

        image = _image_of(picture, rgb=rgb)
        frame = picture_frame(image)
        engines = self._with_depth(1)
        scored = Stream(engines).score(frame)
        return Result(scored, labels_of(scored), engines.load(frame.size).name)

    def stream(self, source: str | int | os.PathLike[str], *, retry: int | None = 0) -> Iterator[Result]:
        """Segment a video, a camera or pictures, frame by frame.

        Of a file every frame comes, in order; of a live source the newest, so that a slow loop falls behind by no more
        than a frame. Memory stays flat however long it runs. Several streams may run in threads of their own.

        Args:
            source: a video file, a picture, a folder or glob of pictures, a camera's index, a URL or `pattern`.
            retry: how often a camera or URL that is gone is tried again, one try after the other; None for ever.

        Raises:
            SourceError: it cannot be opened or read.
            EngineError: the engine failed.
        """
        from deeplab_cv.options import checked
        from deeplab_cv.sources.opening import open_source
        from deeplab_cv.sources.options import SourceOptions

        text = os.fspath(source) if not isinstance(source, int) else str(source)
        with open_source(text, checked(SourceOptions, retry=retry)) as opened:
            # Two frames in flight keep both cores busy with a file; a live picture must not wait behind another.
            engines = self._with_depth(1 if opened.info.live else 2)
            for scored, labels in self._labelled(opened, engines):
                yield Result(scored, labels, engines.load(scored.frame.size).name)

    def video(self, source: str | os.PathLike[str], out: str | os.PathLike[str], **options: Any) -> "Written":
        """Paint a video into another file, with its sound, as `--video SOURCE --out OUT` does.

        Args:
            source: the video file.
            out: the file to write: .mp4, .mkv, .webm or .mov.
            options: how it is painted: style, alpha, paint, background.

        Returns:
            What was written: path, frames and a note on the sound.

        Raises:
            UserError: something cannot be read, painted or written; what was done is kept under a name that says so.
        """
        from deeplab_cv.jobs.job import Job, run_job
        from deeplab_cv.overlay.look import check_paint, with_the_network_s_names
        from deeplab_cv.overlay.options import picture_options
        from deeplab_cv.overlay.view import View
        from deeplab_cv.segmentation.stream import Stream
        from deeplab_cv.sinks.background import InBackground
        from deeplab_cv.sinks.landing import check_output
        from deeplab_cv.sinks.leftovers import name_leftovers
        from deeplab_cv.sinks.video import VideoSink
        from deeplab_cv.sources.video import VideoSource

        picture = with_the_network_s_names(picture_options(**options), self.classes)
        view = View(picture=picture, smooth=self._smooth)
        check_paint(picture, self.classes)
        check_output(Path(out), [Path(source)])
        name_leftovers(Path(out).parent)
        left: list[Written] = []
        with VideoSource(Path(source)) as opened:
            sink = InBackground(VideoSink(Path(out), opened.info))
            run_job(Job(opened, Stream(self._with_depth(2)), [sink], view), stop=threading.Event(), written=left.append)
        return left[0]

    def batch(
        self,
        inputs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        to: str | os.PathLike[str],
        paint_files: bool = False,
        masks: bool = False,
        stats: bool = False,
        again: bool = False,
        retry_failed: bool = False,
        workers: int | None = None,
        **options: Any,
    ) -> "Iterator[DoneRecord]":
        """Segment many files into a folder, in processes of their own, as `app.py batch INPUTS --to DIR` does.

        Work begins when the first record is asked for. The same call again goes on where the last one was. Break off
        the loop to stop.

        Args:
            inputs: files, folders, globs, and lists of files (.txt, .csv, .parquet); one or several.
            to: the folder for outputs, failures.csv, summary.json and done.jsonl.
            paint_files: write painted files; so without any of the three as well.
            masks: write index PNGs.
            stats: write the share of each class in each frame, as Parquet.
            again: do everything anew.
            retry_failed: try the files that failed once more.
            workers: how many processes; without it as many as the machine has room for.
            options: how files are painted: style, alpha, paint, background.

        Returns:
            An iterator over what came of each file that was worked on, once that is noted: its outputs, or where and
            why it failed.

        Raises:
            UserError: an argument is wrong; from the iterator: an input is not there, the folder holds the outputs of
                other settings, or the disk is full.
        """
        from deeplab_cv.batch.job import records as records_of_job
        from deeplab_cv.batch.planning import make_plan
        from deeplab_cv.batch.run_options import RunOptions
        from deeplab_cv.batch.work import FORMS
        from deeplab_cv.machine.generators import closed_at_exit
        from deeplab_cv.networks.options import NetworkOptions
        from deeplab_cv.overlay.options import picture_options
        from deeplab_cv.segmentation.options import LabelOptions, PaceOptions
        from deeplab_cv.sinks.options import OutputOptions

        self._check_open()
        words = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
        wanted = {"painted": paint_files, "masks": masks, "stats": stats}
        plan = make_plan(
            os.fspath(to),
            forms=tuple(form for form in FORMS if wanted[form]),
            network=NetworkOptions(model=str(self._network.named)),
            engine=self._engine,
            pace=PaceOptions(),
            labels=LabelOptions(smooth=self._smooth),
            picture=picture_options(**options),
            encoding=OutputOptions(),
        )
        run_options = RunOptions(again=again, retry_failed=retry_failed, workers=workers)
        return closed_at_exit(records_of_job(plan, [os.fspath(each) for each in words], run_options))

    def close(self) -> None:
        """Give back the engines; a stream in use ends in an EngineError. Safe to call twice."""
        with self._lock:
            self._closed = True
            for engines in self._engines.values():
                engines.close()
            self._engines.clear()

    def _with_depth(self, depth: int) -> "NetworkEngines":
        """The engines that take so many tensors in flight; made here, loaded when they are needed."""
        from deeplab_cv.segmentation.network_engines import NetworkEngines

        with self._lock:
            self._check_open()
            if depth not in self._engines:
                self._engines[depth] = NetworkEngines(self._network, self._engine, depth=depth)
            return self._engines[depth]

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("the segmenter is closed", "Segmenter", "make another one")

    def _labelled(self, source: Any, engines: "NetworkEngines") -> "Iterator[tuple[Scored, Labels]]":
        """Every frame of a source that is not dropped, with its scores and labels."""
        from deeplab_cv.frames.frame import Scored
        from deeplab_cv.jobs.pipeline import Pipeline
        from deeplab_cv.segmentation.labels import labels_of
        from deeplab_cv.segmentation.smoothing import ScoreSmoother
        from deeplab_cv.segmentation.stream import Stream

        smoother = ScoreSmoother()
        with Pipeline(source, Stream(engines)) as pipeline:
            while not pipeline.ended:
                if isinstance(taken := pipeline.take(_TAKE_S), Scored):
                    scored = smoother.smoothed(taken, self._smooth)
                    yield scored, labels_of(scored)


def _image_of(picture: Any, *, rgb: bool) -> "Image":
    """A file, a PIL picture or an array -> uint8 (H, W, 3), BGR, upright. Raises SourceError."""
    import numpy as np

    if isinstance(picture, str | os.PathLike):
        from deeplab_cv.sources.pictures import read_picture

        return read_picture(Path(picture))
    if hasattr(picture, "getexif"):
        from deeplab_cv.sources.pictures import picture_of_pillow

        return picture_of_pillow(picture)
    if not isinstance(picture, np.ndarray):
        kind = type(picture).__name__
        raise SourceError("this is no picture", kind, "give a file, a PIL picture or uint8 (H, W, 3)")
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        got = f"{picture.dtype} {picture.shape}"
        raise SourceError("expected uint8 (H, W, 3)", f"got {got}", "convert it, such as with cv2.cvtColor")
    return np.ascontiguousarray(picture[..., ::-1] if rgb else picture)
