"""What a run has no use for: on the command line that is wrong use, in config.yaml, which is for every run, nothing."""

from collections.abc import Iterator

from deeplab_cv.events.opening import ONLY_FOR_RECORDINGS
from deeplab_cv.events.options import EventOptions
from deeplab_cv.settings import LoadedSettings, Settings
from deeplab_cv.sinks.opening import NOT_FOR_A_STREAM_OUT, is_stream_out
from deeplab_cv.sources.named import wanted_sources
from deeplab_cv.sources.opening import options_of_other_kinds


def settings_in_use(loaded: LoadedSettings) -> Settings:
    """The settings, but that what a file names and this run has no use for is as if it had not been named.

    Raises UsageError where the settings name no source.
    """
    kinds = {named.kind for named in wanted_sources(loaded.settings.source)}
    settings = loaded.without_what_a_file_names(options_of_other_kinds(kinds))
    pictures = kinds == {"image"}
    if pictures:
        settings = loaded.without_what_a_file_names(_only_for_what_moves(settings), of=settings)
    if not settings.events.records:
        settings = loaded.without_what_a_file_names(ONLY_FOR_RECORDINGS, of=settings)
    if is_stream_out(settings.output.out):
        settings = loaded.without_what_a_file_names(NOT_FOR_A_STREAM_OUT, of=settings)
    if not pictures or settings.output.writes_files:
        settings = loaded.without_what_a_file_names(["tutorial"], of=settings)
    return settings


def _only_for_what_moves(settings: Settings) -> Iterator[str]:
    yield from EventOptions.model_fields
    yield "virtual_camera"
    if is_stream_out(settings.output.out):
        yield "out"
