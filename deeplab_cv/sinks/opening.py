"""The settings' --out, --masks and --stats -> sinks; what cannot go together is said before anything is written."""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import behind_links
from deeplab_cv.machine.standard_error import own_number
from deeplab_cv.machine.urls import without_secrets
from deeplab_cv.settings import Settings
from deeplab_cv.sinks.encoding import CODECS_OF_CONTAINER, choose_encoding
from deeplab_cv.sinks.landing import check_output, check_output_folder
from deeplab_cv.sinks.leftovers import name_leftovers
from deeplab_cv.sinks.masks import MaskSink
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sinks.per_size import FilePerSize
from deeplab_cv.sinks.pictures import PICTURE_EXTENSIONS, PictureFolderSink, PicturePipe, PictureSink
from deeplab_cv.sinks.pipe import VideoPipe
from deeplab_cv.sinks.sink import Sink
from deeplab_cv.sinks.statistics import STATISTICS_EXTENSIONS, StatisticsSink
from deeplab_cv.sinks.stream_out import StreamOut
from deeplab_cv.sinks.video import VideoSink
from deeplab_cv.sinks.virtual_camera import VirtualCamera
from deeplab_cv.sources.naming import is_stream, with_variables

NOT_FOR_A_STREAM_OUT = ("codec", "crf", "preset")
"""Options of files alone."""


def open_sinks(
    settings: Settings, source_info: SourceInfo, *, is_picture_job: bool, also_read: Iterable[Path] = ()
) -> list[Sink]:
    """The sinks a run writes to, the window apart. No file is made yet, but what killed runs left gets a name.

    Args:
        settings: the run's.
        source_info: where its frames come from.
        is_picture_job: they are pictures.
        also_read: files that the run reads besides those its settings name, and that no output may replace.

    Raises:
        UsageError: an extension nobody knows, a video for a picture's name or the other way round, an output that is
            an input, two outputs in one place.
        SinkError: a folder that is missing or cannot be written to.
    """
    sinks: list[Sink] = []
    source, output = settings.source, settings.output
    network = settings.network
    named = (*(source.video or ()), source.image, settings.picture.background, network.model, network.classes)
    inputs = [*also_read, *(Path(text) for text in named if text)]
    inputs += [source_info.path] if source_info.path else []
    if is_stream_out(output.out):
        sinks.append(_stream_out(output, source_info, is_picture_job=is_picture_job))
    elif output.out is not None:
        sinks.append(_open_out(settings, output.out, source_info, is_picture_job=is_picture_job, inputs=inputs))
    if output.masks is not None:
        folder = Path(output.masks)
        if output.out is not None and folder.absolute() == Path(output.out).absolute():
            raise UsageError("--masks and --out write files of the same names", folder, "give each its own folder")
        check_output_folder(folder)
        sinks.append(MaskSink(folder, source_info.frame_count))
    if output.stats is not None:
        file = Path(output.stats)
        if file.suffix.lower() not in STATISTICS_EXTENSIONS:
            raise UsageError("no such form of statistics", file, f"use {' or '.join(STATISTICS_EXTENSIONS)}")
        check_output(file, inputs)
        sinks.append(StatisticsSink(file, output.stats_form))
    if output.virtual_camera:
        size = Size(output.virtual_width, output.virtual_height)
        sinks.append(VirtualCamera(source_info, size, output.virtual_fps))
    for folder in _folders_of(output):
        name_leftovers(folder)
    return sinks


def _folders_of(output: OutputOptions) -> list[Path]:
    """Where the outputs go, each folder once; those that are still to be made are missing."""
    out = None if is_stream_out(output.out) else output.out
    places = [Path(text) for text in (out, output.masks, output.stats) if text is not None]
    folders = [place if place.is_dir() else behind_links(place).parent for place in places]
    return list(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def _open_out(
    settings: Settings, text: str, source_info: SourceInfo, *, is_picture_job: bool, inputs: list[Path]
) -> Sink:
    path = Path(text)
    extension = path.suffix.lower()
    one_picture = is_picture_job and source_info.frame_count == 1
    # A part of a file begins at zero, as does a camera, whose clock began with the machine.
    whole = settings.source.start is None and settings.source.end is None and not source_info.live
    if text == "-":
        if is_picture_job and not one_picture:
            raise UsageError("several pictures do not fit into standard output", text, "name a folder ending in /")
        descriptor = _standard_output()
        return (
            PicturePipe(descriptor)
            if is_picture_job
            else VideoPipe(descriptor, source_info, settings.output, whole=whole)
        )
    if text.endswith(("/", os.sep)) or path.is_dir() or (is_picture_job and not one_picture and not extension):
        check_output_folder(path)
        return PictureFolderSink(path, source_info.frame_count)
    if is_picture_job:
        if extension in CODECS_OF_CONTAINER:
            raise UsageError("pictures do not make a video", path, "name a picture file, or a folder ending in /")
        if extension not in PICTURE_EXTENSIONS:
            remedy = f"use one of {' '.join(PICTURE_EXTENSIONS)}, or a folder ending in /"
            raise UsageError("not a picture file's extension", path, remedy)
        if not one_picture:
            raise UsageError("several pictures do not fit into one file", path, "name a folder ending in /")
        check_output(path, inputs)
        return PictureSink(path)
    if extension in PICTURE_EXTENSIONS:
        remedy = "name a video file, or a folder ending in / for numbered pictures"
        raise UsageError("a video does not fit into one picture", path, remedy)
    check_output(path, inputs)
    choose_encoding(path, settings.output, transparent=settings.picture.style == "cutout")
    return video_sink(path, source_info, settings.output, whole=whole)


def video_sink(path: Path, source_info: SourceInfo, output: OutputOptions, *, whole: bool) -> Sink:
    """What writes a video file; see VideoSink."""

    def one_file(place: Path) -> VideoSink:
        return VideoSink(place, source_info, output, whole=whole)

    return FilePerSize(path, one_file) if source_info.live else one_file(path)


def is_stream_out(text: str | None) -> TypeGuard[str]:
    """An output is a URL, perhaps one of the environment."""
    return text is not None and is_stream(text) and not text.lower().endswith(".sdp")


def _stream_out(output: OutputOptions, source_info: SourceInfo, *, is_picture_job: bool) -> Sink:
    """Where `--out URL` sends pictures. Raises UsageError for what cannot be sent."""
    url = with_variables(str(output.out))
    if is_picture_job:
        raise UsageError("pictures do not make a stream", without_secrets(url), "name a folder ending in /")
    for key in NOT_FOR_A_STREAM_OUT:
        value = getattr(output, key)
        if key == "codec" and value not in (None, "h264"):
            raise UsageError("a stream out is H.264", f"--codec {value}", "leave it out")
        if key != "codec" and value is not None:
            raise UsageError("this is for files; a stream out has none", f"--{key} {value}", "leave it out")
    return StreamOut(url, source_info)


def _standard_output() -> int:
    """The system's number of standard output, which this sink has for itself: all other lines go to stderr.

    Raises UsageError where it is a terminal, or there is none.
    """
    try:
        if sys.stdout.isatty():
            raise UsageError("standard output is the terminal", "--out -", "pipe it: --out - | ffplay -")
        sys.stdout.flush()
        descriptor = os.dup(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):
        raise UsageError("there is no standard output", "--out -", "name a file") from None
    with contextlib.suppress(OSError):
        os.dup2(own_number(), sys.stdout.fileno())
    return descriptor
