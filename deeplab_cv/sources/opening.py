"""One text -> the source it names."""

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from pathlib import Path

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.browser_camera import USUAL_SIZE, BrowserCamera
from deeplab_cv.sources.camera import CameraWishes, open_camera
from deeplab_cv.sources.naming import Kind, kind_of, with_variables
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.pattern import PatternSource
from deeplab_cv.sources.pictures import PictureSource, find_pictures
from deeplab_cv.sources.source import Source
from deeplab_cv.sources.standard_input import standard_input
from deeplab_cv.sources.url import StreamPlan, open_stream
from deeplab_cv.sources.video import VideoSource
from deeplab_cv.sources.wrappers import EveryNth, Looped, Mirrored

_NAMES: Mapping[Kind, str] = {
    "camera": "a camera",
    "video": "a video",
    "stream": "a live stream",
    "image": "pictures",
    "pattern": "the test pattern",
    "browser": "a browser's camera",
}

_KINDS_WITH: Mapping[str, frozenset[Kind]] = {
    "loop": frozenset({"video", "image", "pattern"}),
    "start": frozenset({"video", "stream"}),
    "retry": frozenset({"camera", "stream"}),
    "end": frozenset({"video", "stream", "pattern"}),
}
"""Options that some kinds of source have."""


def open_source(text: str, options: SourceOptions, kind: Kind | None = None, *, forgiving: bool = False) -> Source:
    """Open the source a text names.

    Args:
        text: a camera's index or device path, a video file, a live stream's URL or SDP file, a picture, a folder of
            pictures, a glob, `pattern`, or `-` for standard input; `${NAME}` in it is a variable of the environment.
        options: how it is read; which one it is, the text alone says.
        kind: what the text names, where a flag says so; without it the text decides.
        forgiving: of several pictures those that cannot be read are named and are no error.

    Raises:
        SourceError: it cannot be opened.
        UsageError: an option that its kind of source does not have, or a variable that is not set.
    """
    kind, text = kind or kind_of(text), with_variables(text)
    _refuse_options(options, kind)
    open_once = _opener(text, options, kind, forgiving=forgiving or options.loop)
    return Looped(open_once) if options.loop else open_once()


def _opener(text: str, options: SourceOptions, kind: Kind, *, forgiving: bool) -> Callable[[], Source]:
    return lambda: as_asked(_open_kind(text, options, kind, forgiving=forgiving), options)


def as_asked(source: Source, options: SourceOptions) -> Source:
    """A source mirrored and thinned out as the options say."""
    if options.mirror:
        source = Mirrored(source)
    return EveryNth(source, options.every) if options.every > 1 else source


def open_browser_camera(options: SourceOptions) -> BrowserCamera:
    """What a page's camera is sent to. Raises UsageError for an option that it does not have."""
    _refuse_options(options, "browser")
    size = USUAL_SIZE
    return BrowserCamera(Size(options.width or size.width, options.height or size.height))


def _open_kind(text: str, options: SourceOptions, kind: Kind, *, forgiving: bool) -> Source:
    if kind == "camera":
        return open_camera(
            text, CameraWishes(width=options.width, height=options.height, fps=options.fps), retry=options.retry
        )
    if kind == "pattern":
        size = Size(options.width or 1280, options.height or 720)
        return PatternSource(size, rate=Fraction(options.fps or 30).limit_denominator(1001), end=options.end)
    if kind == "stream":
        return open_stream(text, StreamPlan(start=options.start, end=options.end, retry=options.retry))
    if kind == "image":
        return PictureSource(_arrived() if text == "-" else find_pictures(text), forgiving=forgiving)
    return VideoSource(standard_input().path if text == "-" else Path(text), start=options.start, end=options.end)


def _arrived() -> list[Path]:
    """The picture that comes through standard input, when all of it is there."""
    source = standard_input()
    source.wait_for_end()
    return [source.path]


def fitting(options: SourceOptions, kind: Kind, beside: Collection[Kind]) -> SourceOptions:
    """The options without those that this kind of source has not, and one of the kinds beside it has."""
    others = [key for key, kinds in _KINDS_WITH.items() if kind not in kinds and not kinds.isdisjoint(beside)]
    return options.model_copy(update={key: False if key == "loop" else None for key in others})


def options_of_other_kinds(kinds: Collection[Kind]) -> list[str]:
    """The names of the options that none of these kinds of source has."""
    return [key for key, having in _KINDS_WITH.items() if having.isdisjoint(kinds)]


def _refuse_options(options: SourceOptions, kind: Kind) -> None:
    """Raises UsageError for what this kind of source cannot do, so that nobody believes it was done."""
    for key, kinds in _KINDS_WITH.items():
        value = getattr(options, key)
        # What is never tried again needs no patience: --retry 0 goes with everything.
        given = bool(value) if key in ("loop", "retry") else value is not None
        if given and kind not in kinds:
            flag = f"--{key}" if key == "loop" else f"--{key} {value}"
            raise UsageError(f"this does not go with {_NAMES[kind]}", flag, "leave it out")
