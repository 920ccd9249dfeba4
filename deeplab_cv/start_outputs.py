"""Where a source's painted frames go: files, recordings of events, and the stream that recordings and pages share."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from deeplab_cv.events.opening import open_recorder
from deeplab_cv.events.recorder import EventRecorder
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.networks.network import Network
from deeplab_cv.settings import Settings
from deeplab_cv.sinks.background import InBackground
from deeplab_cv.sinks.opening import open_sinks, video_sink
from deeplab_cv.sinks.shared_stream import SharedStream
from deeplab_cv.sinks.sink import Sink


@dataclass(frozen=True)
class Outputs:
    """Where a source's painted frames go.

    Attributes:
        sinks: the files that are asked for, and the recorder where there is one.
        encoded: the stream that recordings and pages share.
        recorder: what records events; None where nothing is to be recorded.
    """

    sinks: Sequence[Sink]
    encoded: SharedStream
    recorder: EventRecorder | None


def opened_outputs(
    settings: Settings,
    info: SourceInfo,
    network: Network,
    stack: ExitStack,
    *,
    is_picture_job: bool = False,
    also_read: Sequence[Path] = (),
    label: str = "",
) -> Outputs:
    """Open what the settings ask for.

    Args:
        settings: the run's.
        info: of the source.
        network: what finds the classes.
        stack: closes the shared stream at the run's end.
        is_picture_job: the source gives pictures.
        also_read: files that no output may replace.
        label: what the source is called, where it is one of several.

    Raises:
        SettingsError, UsageError, SinkError: the settings do not fit the network, or something cannot be written to.
    """
    opened = open_sinks(settings, info, is_picture_job=is_picture_job, also_read=also_read)
    sinks: list[Sink] = [InBackground(sink) for sink in opened]
    encoded = stack.enter_context(closing(SharedStream(lossless=not info.live)))
    if not settings.events.records:
        return Outputs(sinks, encoded, None)
    heard = _with_its_sound(settings, info)
    recorder = open_recorder(settings.events, heard, network.card.classes, encoded, label=label)
    return Outputs([*sinks, recorder], encoded, recorder)


def recording_sink(settings: Settings, info: SourceInfo, path: Path) -> Sink:
    """What writes a recording that is begun while the run goes on."""
    return InBackground(video_sink(path, _with_its_sound(settings, info), settings.output, whole=False))


def _with_its_sound(settings: Settings, info: SourceInfo) -> SourceInfo:
    """A source whose sound goes into recordings, but where it is played again and again."""
    return replace(info, tracks=info.tracks and not settings.source.loop)
