"""Pieces of a stream -> a video and a record for each event, in a folder with limits."""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from deeplab_cv.errors import UserError, as_typed
from deeplab_cv.events.records import EventRecord, as_date, begin_record, forget, write_record
from deeplab_cv.events.retention import KeepLimits, make_room
from deeplab_cv.events.ring import PacketRing, Piece
from deeplab_cv.events.watch import Event, EventRules, EventWatch
from deeplab_cv.frames.frame import SourceInfo
from deeplab_cv.frames.sound import Listener
from deeplab_cv.sinks.packet_file import PacketFile
from deeplab_cv.sinks.sink import Written, in_words

_log = logging.getLogger(__name__)

LONGEST_S = 3600.0
"""What lasts longer goes on in another file."""

_SOUND_WAITS_S = 10.0
"""Pictures take their way through network and encoder, and a ring begins with a key frame."""

_TRIES_AGAIN_S = 60.0
"""After an error."""


@dataclass(frozen=True)
class Seen:
    """What was seen in a picture.

    Attributes:
        share: of it that the classes fill, 0..1.
        wall_s: when it was taken, in seconds since 1970.
        captured_at: the same by `time.monotonic()`, as a live source's sound is dated.
    """

    share: float
    wall_s: float
    captured_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where recordings are put.

    Attributes:
        folder: of all of them.
        word: what their names begin with.
        when: the classes that are waited for; None where everything is recorded.
        limits: what they may take.
        longest_s: what lasts longer goes on in another file.
    """

    folder: Path
    word: str
    when: str | None
    limits: KeepLimits
    longest_s: float = LONGEST_S


@dataclass
class _Recording:
    """The one that is being written, and the part of the event that is in it."""

    file: PacketFile
    record: EventRecord
    from_s: float
    event: Event


class Tape:
    """Takes every piece of the stream in order, and keeps those that belong to an event; used by one thread.

    What goes wrong is told and remembered, and never raised: the next event is tried again.

    Attributes:
        files: recordings that are whole.
        frames: pictures in them.
        error: the first that happened.
    """

    def __init__(
        self,
        shelf: Shelf,
        rules: EventRules,
        source_info: SourceInfo,
        kept: Callable[[EventRecord], None],
    ) -> None:
        """Nothing is recorded yet.

        Args:
            shelf: where recordings are put.
            rules: what makes an event.
            source_info: where pictures come from; its file gives the sound.
            kept: is told of each recording that is over.
        """
        self.files = 0
        self.frames = 0
        self.error: UserError | None = None
        self._shelf = shelf
        self._source_info = source_info
        self._kept = kept
        self._watch = EventWatch(rules)
        self._pre_roll_s = rules.pre_roll_s
        self._ring = PacketRing(rules.pre_roll_s + rules.lasts_s)
        self._recording: _Recording | None = None
        self._encoder: object = None
        self._wall_minus_time_s = 0.0
        self._sound_minus_time_s = 0.0
        self._listener: Listener | None = None
        if source_info.sound is not None:
            self._listener = Listener(source_info.sound, rules.pre_roll_s + rules.lasts_s + _SOUND_WAITS_S)
        self._tries_at = 0.0
        self._written = 0

    @property
    def running(self) -> bool:
        """A file is being written."""
        return self._recording is not None

    @property
    def summary(self) -> Written:
        """What was recorded until now."""
        files = f"{self.files} recording{'' if self.files == 1 else 's'}" if self.files else "nothing was recorded"
        return Written(self._shelf.folder, self.frames, files)

    def take(self, piece: Piece, seen: Seen | None, *, held: bool = False) -> None:
        """The next piece.

        Args:
            piece: it.
            seen: in its picture; None for one that only stands still.
            held: it is to be recorded whatever is seen in it.
        """
        try:
            self._take(piece, seen, held=held)
        except UserError as error:
            self._give_up(error)

    def pause(self) -> None:
        """The next piece will not follow those before: the event is over."""
        self._watch.end()
        self._ring.clear()
        try:
            self._finish()
        except UserError as error:
            self._give_up(error)

    def _take(self, piece: Piece, seen: Seen | None, *, held: bool) -> None:
        if piece.encoder is not self._encoder:
            # Pictures of another size, which go into another file.
            self._finish()
            self._ring.clear()
            self._encoder = piece.encoder
        elif self._recording is not None and piece.key and self._is_long(self._recording, piece):
            self._finish()
        self._ring.add(piece)
        if seen is not None:
            self._wall_minus_time_s = seen.wall_s - piece.time_s
            self._sound_minus_time_s = seen.captured_at - piece.time_s
            if self._watch.step(piece.time_s, seen.share, held=held) == "end":
                self._finish()
        event, until_s = self._watch.event, self._watch.recorded_until_s
        if event is None:
            return
        wanted = until_s is None or piece.time_s <= until_s
        if self._recording is None and wanted and time.monotonic() >= self._tries_at:
            self._begin(event, held=held)
        if self._recording is not None:
            self._recording.event = _followed(self._recording, event, seen)
            self._write(self._recording.file, until_s)

    def _is_long(self, recording: _Recording, piece: Piece) -> bool:
        return piece.time_s - recording.from_s >= self._shelf.longest_s

    def _begin(self, event: Event, *, held: bool) -> None:
        """Begin a file with what the ring has of the event and from before it, but for what is in a file already."""
        pieces = (piece for piece in self._ring.since(event.start_s - self._pre_roll_s) if piece.place > self._written)
        first = next((piece for piece in pieces if piece.key), None)
        if first is None:
            return
        shelf = self._shelf
        make_room(shelf.folder, shelf.limits)
        start_s = max(event.start_s, first.time_s)
        begun = EventRecord(
            source=self._source_info.name,
            when=shelf.when,
            start=as_date(start_s + self._wall_minus_time_s),
            start_s=round(start_s, 3),
            by_hand=held and shelf.when is not None,
        )
        path, record = begin_record(shelf.folder, shelf.word, begun)
        try:
            sounds = self._listener is not None and self._listener.has_more
            file = PacketFile(path, first.encoder, self._source_info, first.time_s, sounds=sounds)
        except UserError:
            forget(shelf.folder, record)
            raise
        self._written = first.place - 1
        known = event if event.start_s >= first.time_s else replace(event, start_s=first.time_s, peak_share=0.0)
        self._recording = _Recording(file, record, first.time_s, known)
        _log.info("recording to %s", as_typed(path))

    def _write(self, file: PacketFile, until_s: float | None) -> None:
        for piece in self._ring.after(self._written):
            if until_s is not None and piece.time_s > until_s:
                return
            file.write(piece.data, piece.time_s, key=piece.key)
            self._written = piece.place
            self._write_sound(file, piece.time_s)

    def _write_sound(self, file: PacketFile, until_s: float) -> None:
        """Write what sounds up to a picture; what sounded before the file began is left out there."""
        if self._listener is None:
            return
        for sound in self._listener.until(until_s + self._sound_minus_time_s):
            file.write_sound(sound.samples, sound.at_s - self._sound_minus_time_s)

    def _finish(self) -> None:
        recording = self._recording
        if recording is None:
            return
        # Asked for first: where it fails, the file is kept in part.
        written = recording.file.finish()
        self._recording = None
        self.files += 1
        self.frames += written.frames
        _log.info("%s", in_words(written))
        self._keep(recording, written)

    def _keep(self, recording: _Recording, written: Written) -> None:
        """Complete the record of a recording that is over, tell of it, and make room."""
        shelf, event = self._shelf, recording.event
        record = replace(
            recording.record,
            file=Path(written.path).name,
            end=as_date(event.end_s + self._wall_minus_time_s),
            end_s=round(event.end_s, 3),
            peak_share=None if shelf.when is None else round(event.peak_share, 4),
            peak=None if shelf.when is None else as_date(event.peak_s + self._wall_minus_time_s),
            seconds=round(recording.file.last_s, 3),
            frames=written.frames,
            whole=written.whole,
        )
        write_record(shelf.folder, record)
        self._kept(record)
        make_room(shelf.folder, shelf.limits)

    def _give_up(self, error: UserError) -> None:
        """Keep what plays of the file, and try the next event, or the rest of this one, in a while."""
        if self.error is None or str(error) != str(self.error):
            _log.warning("%s", error)
        self.error = self.error or error
        self._tries_at = time.monotonic() + _TRIES_AGAIN_S
        recording, self._recording = self._recording, None
        if recording is None:
            return
        written = recording.file.abandon()
        if written is None:
            forget(self._shelf.folder, recording.record)
            return
        _log.warning("%s", in_words(written))
        with contextlib.suppress(UserError):
            self._keep(recording, written)


def _followed(recording: _Recording, event: Event, seen: Seen | None) -> Event:
    """The part of an event that is in a recording, up to now."""
    known = recording.event
    if seen is not None and event.end_s > known.end_s:
        known = known.seen(event.end_s, seen.share)
    if event.peak_s >= recording.from_s and event.peak_share > known.peak_share:
        return replace(known, peak_share=event.peak_share, peak_s=event.peak_s)
    return known
