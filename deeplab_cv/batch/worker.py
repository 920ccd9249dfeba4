"""What a worker does: it proves the network once, and makes the outputs of one file after another."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path, PurePath

from deeplab_cv.batch import staged
from deeplab_cv.batch.parts import FromFrame, join_outputs, parts_of
from deeplab_cv.batch.places import place_of
from deeplab_cv.batch.records import line_of
from deeplab_cv.batch.remote import fetched, is_remote, remote_identity
from deeplab_cv.batch.tables import ParquetSink
from deeplab_cv.batch.work import Cut, DoneRecord, Form, Identity, Item, Outcome, PartMade, Plan, Task, Uncuttable
from deeplab_cv.errors import EngineError, MissingSourceError, NetworkError, SinkError, SourceError, UserError
from deeplab_cv.frames.frame import SourceInfo, picture_frame
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.machine.files import NO_SPACE, nothing
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.labels import labels_of
from deeplab_cv.segmentation.network_engines import NetworkEngines, Pinned
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.encoding import CODECS_OF_CONTAINER
from deeplab_cv.sinks.landing import write_whole
from deeplab_cv.sinks.masks import MaskSink, encode_mask
from deeplab_cv.sinks.pictures import PICTURE_EXTENSIONS, PictureSink
from deeplab_cv.sinks.sink import Sink
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sources.cutting import Part
from deeplab_cv.sources.files import cannot_read
from deeplab_cv.sources.pictures import read_picture
from deeplab_cv.sources.video import VideoSource

_log = logging.getLogger(__name__)

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
        self._place = place_of(plan.folder)
        self._engines = NetworkEngines(wanted_network(plan.network), plan.engine, depth=1, pinned=plan.pinned)
        self._view = View(picture=plan.picture, smooth=plan.labels.smooth or 0.0)
        loaded = self._engines.load(USUAL_SIZE)
        self.pinned: Pinned = loaded.pinned
        self.engine_name = loaded.name
        self.threads = loaded.shared.engine.threads

    def work_on(self, task: Task, beat: Callable[[], None]) -> Outcome:
        """Make the outputs of a file and give them their places; what is wrong with the file is in the record.

        Args:
            task: the file, or what is to be done for a long video that is worked on in parts.
            beat: called after each frame, and as the bytes of files move.

        Raises:
            SinkError: the disk is full, so that no other file can be written either.
        """
        began_s = time.monotonic()
        folder = staged.staged_folder(self._place, task.item.input)
        record = DoneRecord(task.item.input, task.item.name, identity=None, settings=self._plan.settings_hash)
        try:
            record = replace(record, identity=identity_of(task.item.input, beat))
            if task.part is not None:
                return self._make_part(task.item, task.part, folder, beat)
            if task.parts:
                return self._join(task, folder, record, began_s=began_s, beat=beat)
            if parts := self._parts_of(task, beat):
                facts = {"record": line_of(record), "engine": asdict(self.pinned)}
                staged.begin_parts(folder, facts | {"parts": [asdict(part) for part in parts]})
                return Cut(tuple(parts))
            staged.begin(folder)
            files = self._files_in(folder, task.item)
            with _at_hand(task.item.input, folder, beat) as file:
                if task.item.kind == "picture":
                    frames = self._picture(task.item, file, files)
                else:
                    frames = self._video(task.item, file, files=files, beat=beat)
            return self._land(task, folder, replace(record, frames=frames), began_s=began_s, beat=beat)
        except Exception as error:
            staged.discard_folder(folder if task.part is None else staged.part_folder(folder, task.part.number))
            if _is_full_disk(error):
                raise
            stage, reason = failure_of(error)
            seconds = round(time.monotonic() - began_s, 3)
            return replace(record, seconds=seconds, stage=stage, reason=reason)

    def close(self) -> None:
        """Give back the engines."""
        self._engines.close()

    def _files_in(self, folder: Path, item: Item) -> dict[Form, Path]:
        """Where each output of a file is made."""
        paths = {form: output_path(item, form, self._plan) for form in self._plan.forms}
        return {form: folder / f"{form}{PurePath(path).suffix}" for form, path in paths.items()}

    def _land(
        self, task: Task, folder: Path, record: DoneRecord, *, began_s: float, beat: Callable[[], None]
    ) -> DoneRecord:
        files = self._files_in(folder, task.item)
        made = {file.name: output_path(task.item, form, self._plan) for form, file in files.items()}
        outputs = tuple(staged.output_of(folder / name, path, beat) for name, path in made.items())
        seconds = round(record.seconds + time.monotonic() - began_s, 3)
        staged.note_whole(folder, replace(record, outputs=outputs, seconds=seconds), made=made, own=task.own)
        return staged.land(self._place, folder, beat)

    def _picture(self, item: Item, file: Path, files: Mapping[Form, Path]) -> int:
        frame = picture_frame(read_picture(file), name=item.input)
        scored = Stream(self._engines).score(frame)
        painted = painted_frame(scored, labels_of(scored), self._view)
        for form, output in files.items():
            if form == "masks":
                write_whole(output, encode_mask(painted.labels))
                continue
            sink = PictureSink(output) if form == "painted" else ParquetSink(output, item.input, has_time=False)
            sink.write(painted)
            sink.finish()
        return 1

    def _video(self, item: Item, file: Path, *, files: Mapping[Form, Path], beat: Callable[[], None]) -> int:
        with VideoSource(file) as source:
            return self._segmented(source, self._sinks(item, source.info, files), beat)

    def _sinks(self, item: Item, info: SourceInfo, files: Mapping[Form, Path]) -> list[Sink]:
        makers: dict[Form, Callable[[Path], Sink]] = {
            "painted": lambda file: VideoSink(file, info, self._plan.encoding),
            "masks": lambda file: MaskSink(file, info.frame_count),
            "stats": lambda file: ParquetSink(file, item.input, has_time=True),
        }
        return [makers[form](file) for form, file in files.items()]

    def _segmented(self, source: VideoSource, sinks: Sequence[Sink], beat: Callable[[], None]) -> int:
        """Every frame of a source into the sinks; how many there were."""
        stream = Stream(self._engines, self._plan.pace)
        job = Job(source, stream, [InBackground(sink) for sink in sinks], self._view)
        return run_job(job, stop=threading.Event(), progress=beat)

    def _parts_of(self, task: Task, beat: Callable[[], None]) -> list[Part]:
        """The parts that a video is to be worked on in; none where it is not to be cut."""
        # Each part of a video that lies elsewhere would be a copy of the whole.
        if task.item.kind != "video" or not task.cuttable or not self._plan.part_s or is_remote(task.item.input):
            return []
        return parts_of(Path(task.item.input), self._plan, self._engines, beat)

    def _make_part(self, item: Item, part: Part, folder: Path, beat: Callable[[], None]) -> Outcome:
        own = staged.part_folder(folder, part.number)
        if staged.is_whole(own):
            return PartMade()
        began_s = time.monotonic()
        staged.begin(own)
        with VideoSource(Path(item.input), part=part) as source:
            # Its sound comes when all parts are joined.
            info = replace(source.info, tracks=False)
            sinks = [FromFrame(sink, part.first) for sink in self._sinks(item, info, self._files_in(own, item))]
            frames = self._segmented(source, sinks, beat)
        if frames != part.end - part.warm:
            return Uncuttable()
        staged.note_part(own, time.monotonic() - began_s)
        return PartMade()

    def _join(
        self, task: Task, folder: Path, record: DoneRecord, *, began_s: float, beat: Callable[[], None]
    ) -> Outcome:
        folders = [staged.part_folder(folder, part.number) for part in task.parts]
        files = self._files_in(folder, task.item)
        try:
            join_outputs(Path(task.item.input), files, folders, beat)
        except SinkError as error:
            if _is_full_disk(error):
                raise
            _log.warning("%s: its parts cannot be joined, so that it is done in one: %s", task.item.input, error)
            return Uncuttable()
        seconds = sum(map(staged.seconds_of_part, folders))
        record = replace(record, frames=task.parts[-1].end, seconds=seconds)
        return self._land(task, folder, record, began_s=began_s, beat=beat)


@contextmanager
def _at_hand(file: str, folder: Path, beat: Callable[[], None]) -> Iterator[Path]:
    """A file of this machine, or a copy of one that lies elsewhere, in a folder. Raises SourceError."""
    if not is_remote(file):
        yield Path(file)
        return
    with fetched(file, folder, beat) as copy:
        yield copy


def identity_of(file: str, beat: Callable[[], None] = nothing) -> Identity:
    """By what a file is known again; `beat` is called where that is asked once more.

    Raises SourceError where it is not there.
    """
    if is_remote(file):
        return remote_identity(file, beat)
    path = Path(file)
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
