"""Screens without a picture of their own: one that only obeys, and one that puts what is shown on a stage."""

import time

from deeplab_cv.controls.controls import Controls, Shown
from deeplab_cv.controls.stage import RunState, Stage
from deeplab_cv.frames.frame import Frame, Painted, Scored, SourceInfo
from deeplab_cv.jobs.job import Screen
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.overlay.view import View
from deeplab_cv.sinks.sink import Written

_REST_S = 0.005
_STATE_S = 0.1
"""How often figures are made anew while nothing is asked for."""


class Unseen:
    """A screen without a window: it does what is asked of the controls; see jobs.job.Screen."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    @property
    def view(self) -> View:
        """How frames are painted now."""
        return self._controls.view

    @property
    def waits(self) -> bool:
        """Paused: no further frame is wanted now."""
        return self._controls.waits

    def attend(self, pipeline: Pipeline) -> None:
        """Do what was asked for. Raises UserQuit."""
        if self.waits:
            time.sleep(_REST_S)
        self._controls.attend(pipeline)

    def rest(self) -> bool:
        """Let a moment pass; False when something was asked for."""
        time.sleep(_REST_S)
        return not self._controls.asked

    def show(self, scored: Scored, painted: Painted, pipeline: Pipeline) -> None:
        """A new frame is there."""
        self._controls.show(scored, painted)

    def pass_over(self, frame: Frame) -> None:
        """A frame goes by that nobody looks at."""
        self._controls.pass_over(frame)

    def close(self) -> Written | None:
        """Finish the recording, which is returned where there is one. Raises SinkError."""
        return self._controls.close()


class Staged:
    """Another screen, a window or none, and a stage for whoever shows the run as well; see jobs.job.Screen."""

    def __init__(
        self,
        beside: Screen,
        controls: Controls,
        stage: Stage,
        source: SourceInfo,
        label: str,
        *,
        rests: bool = False,
    ) -> None:
        """Nothing is on the stage yet.

        Args:
            beside: the other screen, which asks the controls to do their work.
            controls: what both show.
            stage: where pictures and figures are put.
            source: where frames come from.
            label: what figures of it are called, such as `camera-0`.
            rests: nobody sees the run but on the stage, so that nothing need be inferred while nobody looks at it.
        """
        self._beside = beside
        self._rests = rests
        self._controls = controls
        self._stage = stage
        self._source = source
        self._label = label
        self._shown: Shown | None = None
        self._looked_at: Frame | None = None
        self._view = controls.view
        self._state_at = 0.0

    @property
    def view(self) -> View:
        """How frames are painted now."""
        return self._beside.view

    @property
    def waits(self) -> bool:
        """Paused: no further frame is wanted now."""
        return self._beside.waits

    def attend(self, pipeline: Pipeline) -> None:
        """Do what was asked for, and put what came of it on the stage. Raises UserQuit."""
        pipeline.inferring = self._is_wanted()
        self._beside.attend(pipeline)
        self._put_on_stage(pipeline)

    def rest(self) -> bool:
        """Let a moment pass before the next frame's time has come; False when something was asked for meanwhile."""
        return self._beside.rest()

    def show(self, scored: Scored, painted: Painted, pipeline: Pipeline) -> None:
        """Put a new frame on the other screen and on the stage."""
        self._beside.show(scored, painted, pipeline)
        self._put_on_stage(pipeline)

    def pass_over(self, frame: Frame) -> None:
        """A frame goes by that nobody looks at."""
        self._beside.pass_over(frame)

    def close(self) -> Written | None:
        """Close the other screen; returns what was recorded. Raises SinkError."""
        return self._beside.close()

    def _is_wanted(self) -> bool:
        """Somebody looks, or asks for something; the first frame is inferred in any case, for its figures."""
        controls = self._controls
        return not self._rests or controls.shown is None or controls.wants_frames or self._stage.watched

    def _put_on_stage(self, pipeline: Pipeline) -> None:
        shown, passed = self._controls.shown, self._controls.passed
        # While an engine is loaded, and while nobody looks, the source is there as it is.
        plain = pipeline.newest if shown is None else passed
        now = time.monotonic()
        if plain is not None:
            if plain is not self._looked_at:
                self._looked_at = plain
                self._stage.show(plain.pixels, self._since_s(plain, now), passed=passed is not None)
        elif shown is not None and shown is not self._shown:
            self._shown = shown
            self._stage.show(shown.painted.pixels, self._since_s(shown.scored.frame, now))
        if now - self._state_at >= _STATE_S or self._view is not self._controls.view:
            self._state_at, self._view = now, self._controls.view
            self._stage.say(self._state(pipeline))

    def _since_s(self, frame: Frame, now: float) -> float:
        return frame.captured_at if self._source.live else now

    def _state(self, pipeline: Pipeline) -> RunState:
        controls = self._controls
        return RunState(
            label=self._label,
            source=self._source,
            source_state=pipeline.source_state,
            view=controls.view,
            progress=controls.progress,
            tutorial=controls.tutorial,
            status=controls.status(pipeline),
            shown=controls.shown,
            passed=controls.passed,
        )
