"""The settings' events -> what records them, None where nothing is to be recorded."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from deeplab_cv.classes import known_class
from deeplab_cv.errors import UsageError
from deeplab_cv.events.options import EventOptions, bytes_of, seconds_of
from deeplab_cv.events.recorder import EventRecorder
from deeplab_cv.events.records import EventRecord, mend_records
from deeplab_cv.events.retention import KeepLimits, make_room
from deeplab_cv.events.tape import Shelf, Tape
from deeplab_cv.events.watch import EventRules
from deeplab_cv.events.webhook import Webhook, check_address
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.options import flag
from deeplab_cv.sinks.landing import check_output_folder
from deeplab_cv.sinks.leftovers import name_leftovers
from deeplab_cv.sinks.shared_stream import SharedStream
from deeplab_cv.sources.naming import with_variables

USUAL_FOLDER = "recordings"

ONLY_FOR_RECORDINGS = ("record_limit", "record_age", "record_free", "on_event")
"""Options that say nothing where nothing is recorded."""

_MOST_BETWEEN_KEYS_S = 2.0
_LEAST_BETWEEN_KEYS_S = 0.25
"""A pre-roll of nothing still begins with a picture that is a moment old at most."""

_LONGEST_WORD = 20
"""A file's hidden name holds 40 characters of its own name, and the time takes sixteen."""


def check_events(options: EventOptions, *, pictures: bool) -> None:
    """See that the options go together. Raises UsageError."""
    if options.records and pictures:
        raise UsageError("pictures have no events", "--record-when", "name a camera, a stream or a video; or --out")
    if not options.records:
        for key in ONLY_FOR_RECORDINGS:
            if getattr(options, key) is not None:
                remedy = "say what: --record-when person, or --record-to FOLDER"
                raise UsageError("nothing is recorded", flag(key), remedy)
    if options.on_event is not None:
        check_address(with_variables(options.on_event))


def open_recorder(
    options: EventOptions,
    source_info: SourceInfo,
    class_names: Sequence[str],
    stream: SharedStream,
    *,
    label: str = "",
) -> EventRecorder:
    """What records the events that the options describe. Nothing is written yet; what killed runs left gets a name.

    Args:
        options: checked, and something is to be recorded.
        source_info: where frames come from.
        class_names: those that the network knows.
        stream: what encodes the pictures.
        label: what the source is called where it is one of several: its recordings' names begin with that.

    Raises:
        SettingsError: a class that the network does not know.
        UsageError, SinkError: the folder cannot be written to.
    """
    classes = _classes(options.record_when, class_names)
    folder = Path(options.record_to or USUAL_FOLDER)
    check_output_folder(folder)
    limits = KeepLimits(
        most_bytes=None if options.record_limit is None else bytes_of(options.record_limit),
        most_age_s=None if options.record_age is None else seconds_of(options.record_age),
        least_free=None if options.record_free is None else bytes_of(options.record_free),
    )
    name_leftovers(folder)
    mend_records(folder)
    make_room(folder, limits)
    webhook = Webhook(with_variables(options.on_event)) if options.on_event is not None else None

    def kept(record: EventRecord) -> None:
        if webhook is not None:
            webhook.post(asdict(record))

    when = ", ".join(classes) or None
    shelf = Shelf(folder=folder, word=_word(label, classes), when=when, limits=limits)
    rules = EventRules(
        share=options.record_share,
        lasts_s=options.record_for,
        pre_roll_s=options.pre_roll if classes else 0.0,
        post_roll_s=options.post_roll,
    )
    keys_every_s = max(_LEAST_BETWEEN_KEYS_S, min(_MOST_BETWEEN_KEYS_S, options.pre_roll / 2))
    return EventRecorder(
        stream,
        Tape(shelf, rules, source_info, kept),
        classes=classes,
        keys_every_s=keys_every_s,
        live=source_info.live,
        webhook=webhook,
    )


def _classes(text: str | None, class_names: Sequence[str]) -> tuple[str, ...]:
    """The network's own names of the classes that are waited for. Raises SettingsError, UsageError."""
    if text is None:
        return ()
    names = [name for part in re.split("[,;]", text) if (name := part.strip())]
    if not names:
        raise UsageError("no class is named", "--record-when", "name one, such as person")
    return tuple(dict.fromkeys(class_names[known_class(name, class_names)] for name in names))


def _word(label: str, classes: Sequence[str]) -> str:
    """What names of recordings begin with."""
    words = "-".join(filter(None, [label, *(classes or ["recording"])]))
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:_LONGEST_WORD].strip("-") or "recording"
