"""The window and what its keys do: view changes at once, engines in the background, snapshots and recordings."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from deeplab_cv.controls.keys import Action, changed, help_rows
from deeplab_cv.controls.snapshot import free_stem, save_snapshot
from deeplab_cv.controls.switching import Makers, Switch, begin_switch, other_backends, other_networks
from deeplab_cv.errors import UserError
from deeplab_cv.frames.frame import Painted, Scored
from deeplab_cv.frames.pixels import Image
from deeplab_cv.jobs.job import UserQuit
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.overlay.look import look_of
from deeplab_cv.overlay.painting import painted_frame
from deeplab_cv.overlay.view import View, painted_classes
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.sinks import Sink, Written, in_words
from deeplab_cv.viewer.legend import draw_legend
from deeplab_cv.viewer.text import draw_buttons, draw_lines
from deeplab_cv.viewer.window import Button, Window

_MESSAGE_S = 5.0
_RATE_WINDOW_S = 2.0
_REST_MS = 5
_LOADING_S = 1.0
"""How long the end of a run waits for an engine that is being loaded in the background."""


_ORIGINS = {"inferred": "", "carried": " (carried)", "kept": " (still)"}
"""How a frame that was not inferred is marked."""


class Desk:
    """Shows painted frames and does what keys and buttons say.

    Attributes:
        view: how frames are painted now.
    """

    def __init__(
        self,
        window: Window,
        view: View,
        pictures: bool,
        make_recorder: Callable[[Path], Sink],
        network_file: Path | None,
        source_name: str,
    ) -> None:
        self.view = view
        self._window = window
        self._pictures = pictures
        self._make_recorder = make_recorder
        self._network_file = network_file
        self._source_name = source_name
        self._recorder: Sink | None = None
        self._switch: Switch | None = None
        self._steps = 1
        self._message = ("", 0.0)
        self._shown_at: deque[float] = deque()
        self._latency_ms = 0.0
        self._last: tuple[Scored, Painted] | None = None
        self._pending: list[Action] = []

    @property
    def waits(self) -> bool:
        """Paused: no further frame is wanted now."""
        return self.view.paused and self._steps == 0

    def attend(self, pipeline: Pipeline) -> None:
        """Do what keys, buttons and background loading ask for. Raises UserQuit."""
        before = self.view
        actions = self._pending + self._window.poll(_REST_MS if self.waits else 0)
        self._pending = []
        if self._last is None and "quit" not in actions:
            # Most keys speak of a picture: they wait for the first.
            self._pending = actions
            return
        for action in actions:
            self._act(action, pipeline)
        self._finish_switch(pipeline)
        # While frames flow the next one shows the change.
        if self.waits and (self.view != before or actions or self._message[1]):
            self._repaint(pipeline)

    def rest(self) -> bool:
        """Let the window live for a moment; False when a key came that wants attention."""
        self._pending += self._window.poll(_REST_MS)
        return not self._pending

    def show(self, scored: Scored, painted: Painted, pipeline: Pipeline) -> None:
        """Put a new frame on the screen, and into the recording where one runs."""
        self._steps = max(0, self._steps - 1)
        self._record(painted)
        self._last = scored, painted
        now = time.monotonic()
        self._shown_at.append(now)
        while now - self._shown_at[0] > _RATE_WINDOW_S:
            self._shown_at.popleft()
        self._latency_ms = (now - scored.frame.captured_at) * 1000
        self._draw(pipeline)

    def close(self) -> Written | None:
        """Close the window and finish the recording, which is returned where there is one. Raises SinkError."""
        self._window.close()
        if self._switch is not None and self._switch.done.wait(_LOADING_S) and self._switch.stream is not None:
            self._switch.stream.close()
        return self._stop_recording()

    def say(self, text: str) -> None:
        """Show a line on the screen for a few seconds."""
        self._message = (text, time.monotonic() + _MESSAGE_S)

    def _act(self, action: Action, pipeline: Pipeline) -> None:
        match action:
            case "quit":
                raise UserQuit
            case "step" | "restart" if action == "step" or self._pictures:
                self._steps = 1
            case "segment" | "restart" if not self._pictures:
                self.say("Segment and Restart are for pictures (--image)")
                return
            case "pause" if self._pictures:
                return
            case "backend":
                engines = pipeline.stream.engines
                self._begin_switch(pipeline.stream, lambda size_wh: other_backends(engines, size_wh), action)
            case "network":
                engines = pipeline.stream.engines
                self._begin_switch(pipeline.stream, lambda _: other_networks(engines, self._network_file), action)
            case "snapshot":
                self._snapshot()
            case "record":
                self._toggle_recording()
            case _:
                pass
        self.view = changed(self.view, action)

    def _begin_switch(self, current: Stream, find: Callable[[tuple[int, int]], Makers], kind: str) -> None:
        if self._switch is not None or self._last is None:
            self.say("still loading")
            return
        size_wh = self._last[0].frame.size_wh
        self.say(f"loading another {kind} ...")
        self._switch = begin_switch(current, lambda: find(size_wh), size_wh)

    def _finish_switch(self, pipeline: Pipeline) -> None:
        if self._switch is None or not self._switch.done.is_set():
            return
        switch, self._switch = self._switch, None
        if switch.stream is not None:
            pipeline.swap(switch.stream)
        outcome = "switched" if switch.stream else "no other one works" if switch.refused else "there is no other one"
        self.say("; ".join([outcome, *switch.refused]))

    def _snapshot(self) -> None:
        if self._last is None:
            return
        scored, painted = self._last
        facts = {
            "source": scored.frame.name or self._source_name,
            "frame": scored.frame.index,
            "time_s": round(float(scored.frame.time_s), 3),
            "made_by": scored.made_by,
            "overlay": self.view.overlay,
            "painted": list(painted_classes(self.view, scored.class_names)),
            "style": self.view.style,
            "alpha": self.view.alpha,
            "smooth": self.view.smooth,
        }
        self._try(lambda: save_snapshot(Path.cwd(), painted, facts))

    def _toggle_recording(self) -> None:
        if self._recorder is None:
            path = Path.cwd() / f"{free_stem(Path.cwd(), 'recording')}.mp4"
            self._recorder = self._make_recorder(path)
            self.say(f"recording to {path.name}")
        else:
            self._try(lambda: _words(self._stop_recording()))

    def _record(self, painted: Painted) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.write(painted)
        except UserError as error:
            # A full disk, or a picture of another size: what is on the screen goes on.
            recorder, self._recorder = self._recorder, None
            self.say(f"{error}; {_words(recorder.abandon())}")

    def _stop_recording(self) -> Written | None:
        recorder, self._recorder = self._recorder, None
        return recorder.finish() if recorder is not None else None

    def _try(self, act: Callable[[], str]) -> None:
        try:
            self.say(act())
        except UserError as error:
            self.say(str(error))

    def _repaint(self, pipeline: Pipeline) -> None:
        if self._last is not None:
            scored, painted = self._last
            self._last = scored, painted_frame(scored, painted.labels, self.view)
            self._draw(pipeline)

    def _draw(self, pipeline: Pipeline) -> None:
        if self._last is None:
            return
        scored, painted = self._last
        picture = painted.picture.copy()  # what is drawn over it is for the window alone
        if self.view.legend and self.view.overlay:
            look = look_of(self.view, scored.class_names)
            picture = draw_legend(picture, painted.labels, look, scored.class_names)
        lines = self._lines(scored, pipeline)
        if lines:
            picture = draw_lines(picture, lines)
        buttons = picture_buttons(picture) if self._pictures else []
        if buttons:
            picture = draw_buttons(picture, [(button.text, button.box) for button in buttons])
        self._window.show(picture, buttons)

    def _lines(self, scored: Scored, pipeline: Pipeline) -> list[str]:
        lines = []
        if self.view.line:
            inference = f"inference {scored.inference_ms:.0f} ms{_ORIGINS[scored.origin]}"
            lines += [inference if self._pictures else self._pace(inference, pipeline), scored.made_by]
        if self.view.paused and not self._pictures:
            lines.append("paused")
        text, until = self._message
        if time.monotonic() < until:
            lines.append(text)
        else:
            self._message = ("", 0.0)
        if self._recorder is not None:
            lines.append("recording")
        if self.view.help:
            lines += [f"{label}\t{text}" for label, text in help_rows()]
        return lines

    def _pace(self, inference: str, pipeline: Pipeline) -> str:
        span_s = self._shown_at[-1] - self._shown_at[0]
        rate = (len(self._shown_at) - 1) / span_s if span_s else 0.0
        facts = [f"{rate:.1f} frames/s", inference, f"latency {self._latency_ms:.0f} ms"]
        return "  ".join([*facts, f"dropped {pipeline.frames_dropped}"])


def _words(written: Written | None) -> str:
    return in_words(written) if written else ""


def picture_buttons(picture: Image) -> list[Button]:
    """The tutorial's two buttons, at the lower edge of a picture."""
    height, width = picture.shape[:2]
    button_width, button_height = max(1, width // 4), max(1, height // 12)
    top = height - button_height - height // 40
    return [
        Button("Segment", "segment", (width // 2 - button_width - width // 40, top, button_width, button_height)),
        Button("Restart", "restart", (width // 2 + width // 40, top, button_width, button_height)),
    ]
