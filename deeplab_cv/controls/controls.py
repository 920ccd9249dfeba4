"""What can be done while a job runs, whoever asks: one table from actions to methods, and the state they change."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from deeplab_cv.controls.asked import Asked
from deeplab_cv.controls.keys import Action, PaintClass, PaintNamed, SetView, ShowSource, UnknownKey, Word
from deeplab_cv.controls.leafing import Leafing
from deeplab_cv.controls.recording import Recorder, Recording
from deeplab_cv.controls.seeking import STEP_S, Seeking
from deeplab_cv.controls.snapshot import save_snapshot, snapshot_facts
from deeplab_cv.controls.status import Message, Rate, Status
from deeplab_cv.controls.switching import Kind, Switching
from deeplab_cv.controls.view_changes import VIEW_CHANGES, with_wish
from deeplab_cv.errors import UserError
from deeplab_cv.frames.frame import Frame, Painted, Scored, Span
from deeplab_cv.jobs.job import UserQuit
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View
from deeplab_cv.sinks.sink import Sink, Written

_GREETING_S = 8.0
_NO_TUTORIAL = "Segment and Restart are for --image PICTURES --tutorial"
_ONE_SOURCE = "there is one source"


@dataclass(frozen=True)
class Shown:
    """The frame on the screen: its scores, and how it is painted now."""

    scored: Scored
    painted: Painted


class Controls:
    """Does what keys, buttons or a page ask for; knows what is on the screen, and draws nothing.

    `ask` may be called and `shown` and `view` be read from any thread, all else is for the thread that runs the job.

    Attributes:
        view: how frames are painted now.
        shown: the frame on the screen, None before the first.
        passed: the newest frame that went by since then because nobody looked; None where none did.
        progress: what is being done while an engine is loaded, in words.
        pictures: frames are pictures, shown one at a time.
        tutorial: they wait for Segment and Restart as in the iOS tutorial.
    """

    def __init__(
        self,
        view: View,
        *,
        pictures: bool,
        tutorial: bool = False,
        folder: Path,
        make_recorder: Callable[[Path], Sink],
        network_file: Path | None,
        source_name: str,
        names: Sequence[str] = (),
        live: bool = False,
        mirror: Callable[[], bool] | None = None,
        span: Span | None = None,
        writes: bool = False,
        recorder: Recorder | None = None,
        label: str = "",
        switching: Switching | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            view: how the first frame is painted.
            pictures: see the class.
            tutorial: see the class.
            folder: where snapshots and recordings go.
            make_recorder: makes the sink of a recording.
            network_file: the network that was asked for, one of those that can be switched to.
            source_name: what is shown, as snapshots name frames that have no name of their own.
            names: of pictures, those of all frames in order.
            live: frames come at their own pace, so that their latency says something.
            mirror: exchanges left and right in the frames to come, or no longer; returns whether it does now.
            span: where the source can be sought in; None where it cannot.
            writes: files are written while it is shown.
            recorder: what records events, and by hand as well; None where recordings are begun by hand alone.
            label: stands in the names of snapshots and recordings, where there are several sources.
            switching: loads another engine or network, where several runs exchange theirs together.
        """
        self.view = view
        self.shown: Shown | None = None
        self.passed: Frame | None = None
        self.progress = "loading"
        self.tutorial = tutorial
        self.pictures = pictures
        self._folder = folder
        self._source_name = source_name
        self._label = label
        self._live = live
        self._mirror = mirror
        self._leafing = Leafing(names)
        self._seeking = Seeking(span, writes=writes)
        self._greeted = False
        self._recording = Recording(folder, make_recorder, label)
        self._recorder = recorder
        self._switching = switching or Switching(network_file)
        self._steps = 1
        self._message = Message()
        self._rate = Rate()
        self._latency_ms = 0.0
        self._asked = Asked()
        self._deeds = self._deeds_of_pictures() if pictures else self._deeds_of_video()

    @property
    def waits(self) -> bool:
        """Paused: no further frame is wanted now."""
        return self.view.paused and self._steps == 0

    @property
    def wants_frames(self) -> bool:
        """A recording runs, or something is asked for: frames are needed even where nobody looks."""
        return self._recording.running or self._asked.anything or self._asked.waiting

    @property
    def asked(self) -> bool:
        """Something is asked for that is not done yet."""
        return self._asked.anything

    def ask(self, *actions: Action) -> None:
        """Have actions done at the next `attend`, in order; from any thread."""
        self._asked.put(*actions)

    def report(self, text: str) -> None:
        """Take down what is being done while an engine is loaded; from any thread."""
        self.progress = text

    def attend(self, pipeline: Pipeline) -> bool:
        """Do what was asked for; True where what is on the screen is to be drawn anew. Raises UserQuit."""
        before = self.view
        asked = self._asked.take(frame_shown=self.shown is not None and self.passed is None)
        for action in asked:
            self._do(action, pipeline)
        overran = self.shown is not None and self.view.paused and self._steps > 0 and pipeline.ended
        if overran:
            self._end(pipeline)
        if outcome := self._switching.finish(pipeline):
            self._message.say(outcome)
            self._show_picture_again(pipeline)
        expired = self._message.expire()
        if self.shown is not None and self.view != before:
            scored = self.shown.scored
            self.shown = Shown(scored, painted_frame(scored, self.shown.painted.labels, self.view))
        return bool(asked or outcome) or overran or expired

    def show(self, scored: Scored, painted: Painted) -> None:
        """A new frame is on the screen; it goes into the recording where one runs."""
        self._steps = max(0, self._steps - 1)
        if problem := self._recording.write(painted):
            self._message.say(problem)
        self.shown, self.passed = Shown(scored, painted), None
        if not self._greeted and not self._message.text:
            self._message.say("h: help", _GREETING_S)
        self._greeted = True
        place = self._seeking.arrival(scored.frame)
        if place and not self.pictures:
            self._message.say(place)
        now = time.monotonic()
        self._rate.count(now)
        self._latency_ms = (now - scored.frame.captured_at) * 1000

    def pass_over(self, frame: Frame) -> None:
        """A frame goes by that nobody looks at."""
        self.passed = frame

    def status(self, pipeline: Pipeline) -> Status | None:
        """What is to be known of the run now; None before the first frame."""
        if self.shown is None:
            return None
        scored, source = self.shown.scored, pipeline.source_state
        return Status(
            rate=self._rate.per_second if source.phase == "playing" and self.passed is None else 0.0,
            inference_ms=scored.inference_ms,
            origin=scored.origin,
            latency_ms=self._latency_ms,
            live=self._live,
            dropped=pipeline.frames_dropped,
            made_by=scored.made_by,
            recording=self._recording.running or (self._recorder is not None and self._recorder.running),
            title=self._leafing.title(scored.frame) or self._source_name,
            message=self._message.text or (f"another one: {self.progress}" if self._switching.running else ""),
            source=source,
        )

    def close(self) -> Written | None:
        """End what runs in the background and the recording, which is returned where there is one. Raises SinkError."""
        self._switching.close()
        return self._recording.close()

    def _do(self, action: Action, pipeline: Pipeline) -> None:
        if isinstance(action, PaintClass | PaintNamed | SetView):
            names = self.shown.scored.class_names if self.shown is not None else ()
            self._take(*with_wish(self.view, action, names))
        elif isinstance(action, ShowSource):
            self._message.say(_ONE_SOURCE)
        elif isinstance(action, UnknownKey):
            self._message.say(f"{action.name} does nothing; h: help")
        else:
            self._deeds[action](pipeline)

    def _take(self, view: View, words: str) -> None:
        self.view = view
        self._message.say(words)

    def _deeds_of_video(self) -> Mapping[Word, Callable[[Pipeline], None]]:
        changes = {word: partial(self._change, word) for word in VIEW_CHANGES}
        return {
            **changes,
            "quit": _quit,
            "leave": self._leave,
            "mirror": self._exchange_sides,
            "step": self._step,
            "earlier": partial(self._seek, -STEP_S),
            "later": partial(self._seek, STEP_S),
            "backend": partial(self._switch, "engine"),
            "network": partial(self._switch, "network"),
            "snapshot": self._snapshot,
            "record": self._record,
            **dict.fromkeys(("next_source", "grid"), partial(self._refuse, _ONE_SOURCE)),
            **dict.fromkeys(("segment", "restart"), partial(self._refuse, _NO_TUTORIAL)),
        }

    def _deeds_of_pictures(self) -> Mapping[Word, Callable[[Pipeline], None]]:
        deeds = {**self._deeds_of_video(), "earlier": self._picture_before}
        deeds |= {"later": self._next_picture, "step": self._next_picture, "pause": self._next_picture}
        return {**deeds, "segment": self._segment, "restart": self._next_picture} if self.tutorial else deeds

    def _change(self, word: Word, pipeline: Pipeline) -> None:
        change = VIEW_CHANGES[word]
        view = change.change(self.view)
        self._take(view, change.words(view))

    def _leave(self, pipeline: Pipeline) -> None:
        if not self.view.fullscreen:
            raise UserQuit
        self._change("fullscreen", pipeline)

    def _exchange_sides(self, pipeline: Pipeline) -> None:
        if self._mirror is None:
            self._message.say("this source is not mirrored")
            return
        words = "mirror on" if self._mirror() else "mirror off"
        self._message.say(f"{words}, from the next frame" if self.waits and not self.pictures else words)
        self._show_picture_again(pipeline)

    def _step(self, pipeline: Pipeline) -> None:
        self._steps = 1
        self.view = replace(self.view, paused=True)

    def _seek(self, step_s: int, pipeline: Pipeline) -> None:
        refusal = self._seeking.refusal(recording=self._recording.running)
        if refusal or self.shown is None:
            self._message.say(refusal)
            return
        seeks = pipeline.seeks
        self._message.say(self._seeking.move(step_s, self.shown.scored.frame, pipeline))
        # In a pause, too, the picture there is shown.
        self._steps = 1 if pipeline.seeks != seeks else self._steps

    def _segment(self, pipeline: Pipeline) -> None:
        self.view = replace(self.view, overlay=True)

    def _next_picture(self, pipeline: Pipeline) -> None:
        self._steps += 1
        self._begin_picture()

    def _picture_before(self, pipeline: Pipeline) -> None:
        if self.shown is not None and self._leafing.back(self.shown.scored.frame, pipeline):
            self._steps = 1
            self._begin_picture()
        else:
            self._message.say("this is the first picture")

    def _begin_picture(self) -> None:
        if self.tutorial:
            self.view = replace(self.view, overlay=False)

    def _show_picture_again(self, pipeline: Pipeline) -> None:
        """What is new concerns frames to come: of a video they come by themselves, of pictures the same once more."""
        if self.pictures and self.shown is not None:
            self._leafing.again(self.shown.scored.frame, pipeline)
            self._steps = 1

    def _end(self, pipeline: Pipeline) -> None:
        """One more frame is wanted and there is none."""
        self._steps = 0
        if self.tutorial:
            self._leafing.go_to(0, pipeline)
            self._steps = 1
        else:
            self._message.say(f"this is the last {'picture' if self.pictures else 'frame'}")

    def _refuse(self, words: str, pipeline: Pipeline) -> None:
        self._message.say(words)

    def _switch(self, kind: Kind, pipeline: Pipeline) -> None:
        if self.shown is not None:
            self._message.say(self._switching.begin(kind, pipeline.stream, self.shown.scored.frame.size))

    def _snapshot(self, pipeline: Pipeline) -> None:
        if self.shown is not None:
            shown = self.shown
            facts = snapshot_facts(shown.scored, self.view, self._source_name)
            self._say_or_refuse(lambda: save_snapshot(self._folder, shown.painted, facts, self._label))

    def _record(self, pipeline: Pipeline) -> None:
        self._say_or_refuse((self._recorder or self._recording).toggle)

    def _say_or_refuse(self, act: Callable[[], str]) -> None:
        try:
            self._message.say(act())
        except UserError as error:
            self._message.say(str(error))


def _quit(pipeline: Pipeline) -> None:
    raise UserQuit
