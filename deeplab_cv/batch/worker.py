"""What a worker does: it proves the network once, and makes the outputs of one file after another."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path, PurePath

from deeplab_cv.batch import staged
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.tables import ParquetSink
from deeplab_cv.batch.work import Form, Identity, Item, Plan, Record
from deeplab_cv.errors import EngineError, MissingSourceError, NetworkError, SourceError, UserError
from deeplab_cv.frames.frame import picture_frame
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.network_engines import NetworkEngines, Pinned
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.encoding import CODECS_OF_CONTAINER
from deeplab_cv.sinks.landing import NO_SPACE, write_whole
from deeplab_cv.sinks.masks import MaskSink, encode_mask
from deeplab_cv.sinks.pictures import PICTURE_EXTENSIONS, PictureSink
from deeplab_cv.sinks.sink import Sink
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.files import cannot_read
from deeplab_cv.sources.pictures import read_picture
from deeplab_cv.sources.video import VideoSource

USUAL_SIZE = Size(1280, 720)
"""Frames for which the engine of a job is chosen."""

_TRANSPARENT_PICTURES = (".png", ".webp")
_TRANSPARENT_VIDEOS = (".webm", ".mov")


class Worker:
    """A network on an engine, for the files of one job; used by one thread.

    Attributes:
        pinned: the engine and the graph that it computes with.
        engine_name: the engine as the runtime describes itself.
        threads: processor threads of the engine; 0 where it computes elsewhere.
    """

    def __init__(self, plan: Plan) -> None:
        """Load the network and prove its engine. Raises UserError."""
        self._plan = plan
        self._place = FolderPlace(Path(plan.folder))
        self._engines = NetworkEngines(wanted_network(plan.network), plan.engine, depth=1, pinned=plan.pinned)
        self._view = View(picture=plan.picture, smooth=plan.labels.smooth)
        loaded = self._engines.load(USUAL_SIZE)
        self.pinned: Pinned = loaded.pinned
        self.engine_name = loaded.name
        self.threads = loaded.shared.engine.threads

    def work_on(self, item: Item, own: tuple[str, ...], beat: Callable[[], None]) -> Record:
        """Make the outputs of a file and give them their places; what is wrong with the file is in the record.

        Args:
            item: the file.
            own: outputs that an earlier run made of it, which may be replaced.
            beat: called after each frame.

        Raises:
            SinkError: the disk is full, so that no other file can be written either.
        """
        began_s = time.monotonic()
        folder = staged.staged_folder(self._place, item.input)
        identity: Identity | None = None
        try:
            identity = identity_of(Path(item.input))
            staged.begin(folder)
            frames, made = self._make(item, folder, beat)
            record = Record(
                item.input,
                item.name,
                identity,
                self._plan.settings_hash,
                outputs=tuple(staged.output_of(folder / name, path) for name, path in made.items()),
                frames=frames,
                seconds=round(time.monotonic() - began_s, 3),
            )
            staged.note_whole(folder, record, made, own)
            return staged.land(self._place, folder)
        except Exception as error:
            staged.discard_folder(folder)
            if _is_full_disk(error):
                raise
            seconds = round(time.monotonic() - began_s, 3)
            stage, reason = failure_of(error)
            return Record(
                item.input,
                item.name,
                identity,
                self._plan.settings_hash,
                outputs=(),
                frames=0,
                seconds=seconds,
                stage=stage,
                reason=reason,
            )

    def close(self) -> None:
        """Give back the engines."""
        self._engines.close()

    def _make(self, item: Item, folder: Path, beat: Callable[[], None]) -> tuple[int, dict[str, str]]:
        """Make the outputs of a file in a folder: how many frames, and each name in it with its final path."""
        paths = {form: output_path(item, form, self._plan) for form in self._plan.forms}
        files = {form: folder / f"{form}{PurePath(path).suffix}" for form, path in paths.items()}
        frames = self._picture(item, files) if item.kind == "picture" else self._video(item, files, beat)
        return frames, {files[form].name: path for form, path in paths.items()}

    def _picture(self, item: Item, files: Mapping[Form, Path]) -> int:
        frame = picture_frame(read_picture(Path(item.input)), name=item.input)
        scored = Stream(self._engines).score(frame)
        painted = painted_frame(scored, labels_of(scored), self._view)
        for form, file in files.items():
            if form == "masks":
                write_whole(file, encode_mask(painted.labels))
                continue
            sink = PictureSink(file) if form == "painted" else ParquetSink(file, item.input, has_time=False)
            sink.write(painted)
            sink.finish()
        return 1

    def _video(self, item: Item, files: Mapping[Form, Path], beat: Callable[[], None]) -> int:
        with VideoSource(Path(item.input)) as source:
            sinks: list[Sink] = []
            for form, file in files.items():
                if form == "painted":
                    sinks.append(VideoSink(file, source.info, self._plan.encoding))
                elif form == "masks":
                    sinks.append(MaskSink(file, source.info.frame_count))
                else:
                    sinks.append(ParquetSink(file, item.input, has_time=True))
            job = Job(
                source, Stream(self._engines, self._plan.pace), [InBackground(sink) for sink in sinks], self._view
            )
            return run_job(job, stop=threading.Event(), progress=beat)


def identity_of(path: Path) -> Identity:
    """By what a file of this machine is known again. Raises SourceError where it is not there."""
    try:
        status = path.stat()
    except OSError as error:
        raise cannot_read(path, error) from error
    return Identity(status.st_size, str(status.st_mtime_ns))


def output_path(item: Item, form: Form, plan: Plan) -> str:
    """Where an output of a file belongs below the job's folder; a video's masks are a folder."""
    name = PurePath(item.name)
    if form == "stats":
        extension = ".parquet"
    elif form == "masks":
        extension = ".png" if item.kind == "picture" else ""
    elif item.kind == "picture":
        extension = _written_as(name.suffix, PICTURE_EXTENSIONS, ".png", _TRANSPARENT_PICTURES, plan)
    else:
        codec = plan.encoding.codec
        able = [each for each, codecs in CODECS_OF_CONTAINER.items() if codec is None or codec in codecs]
        extension = _written_as(name.suffix, able, ".mp4", _TRANSPARENT_VIDEOS, plan)
    return f"{form}/{name.with_suffix(extension)}"


def failure_of(error: Exception) -> tuple[str, str]:
    """At which stage a file failed, and why, in one line."""
    if isinstance(error, MissingSourceError):
        return "find", str(error)
    if isinstance(error, UserError):
        stages = {SourceError: "read", EngineError: "infer", NetworkError: "infer"}
        return next((stage for kind, stage in stages.items() if isinstance(error, kind)), "write"), str(error)
    if isinstance(error, OSError):
        return "write", f"the system refuses: {error.strerror or error}"
    return "worker", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _written_as(extension: str, able: Collection[str], otherwise: str, transparent: Sequence[str], plan: Plan) -> str:
    """The extension itself where a file of it can be written, and be transparent where it is to be."""
    able = transparent if plan.picture.style == "cutout" else able
    otherwise = transparent[0] if plan.picture.style == "cutout" else otherwise
    return extension if extension.lower() in able else otherwise


def _is_full_disk(error: Exception) -> bool:
    causes = (error, error.__cause__)
    return any(isinstance(each, OSError) and each.errno in NO_SPACE for each in causes)
