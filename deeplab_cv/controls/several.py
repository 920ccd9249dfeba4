"""What can be done while several sources run at once, and which of them is looked at."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from deeplab_cv.controls.asked import Asked
from deeplab_cv.controls.controls import Controls
from deeplab_cv.controls.keys import Action, ShowSource
from deeplab_cv.controls.stage import Stage
from deeplab_cv.controls.status import Message
from deeplab_cv.jobs.job import UserQuit
from deeplab_cv.jobs.several import Outcome, Overview
from deeplab_cv.overlay.view import View

_REST_S = 0.005

_OF_THE_ONE = frozenset({"snapshot", "record", "mirror", "earlier", "later"})
"""What concerns the source that is shown alone, and all of them in the grid; all else is done to all."""

_OF_ANY = frozenset({"backend", "network"})
"""What is done once for all of them."""


@dataclass
class Panel:
    """One of several sources, as those see it who show them together.

    Attributes:
        label: what it is called, such as `camera-0`.
        controls: what is asked of it; its own thread does it.
        stage: what it shows.
        over: why nothing more will come, in words; empty while it runs.
    """

    label: str
    controls: Controls
    stage: Stage
    over: str = ""

    @property
    def recording(self) -> bool:
        """A video of it is being written."""
        status = self.stage.state.status if self.stage.state is not None else None
        return status is not None and status.recording


class Face(Protocol):
    """Where several sources are seen together: a window, a page."""

    def look(self) -> Sequence[Action]:
        """What its keys and clicks ask for."""
        ...

    def refresh(self, several: "SeveralControls", *, changed: bool) -> None:
        """Show what is new; `changed` where something was asked for."""
        ...


class SeveralControls(Overview):
    """Hands what is asked for to the controls of each source, and has it shown; see jobs.several.Overview.

    `ask` may be called from any thread, all else from the main thread.

    Attributes:
        panels: the sources.
        alone: the place of the one that is shown alone; None while all are.
        fullscreen: the window fills the screen.
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        self.panels = panels
        self.alone: int | None = None
        self.fullscreen = False
        self._faces: list[Face] = []
        self._asked = Asked()
        self._message = Message()

    def show_on(self, face: Face) -> None:
        """Have all of it shown there as well."""
        self._faces.append(face)

    @property
    def view(self) -> View:
        """How frames are painted now: of all that still run alike."""
        return next(self._running(), self.panels[0]).controls.view

    @property
    def message(self) -> str:
        """What was answered to what was asked for, for a few seconds; else empty."""
        said: dict[str, list[str]] = {}
        for panel in self._looked_at():
            status = panel.stage.state.status if panel.stage.state is not None else None
            if status is not None and status.message and not panel.over:
                said.setdefault(status.message, []).append(panel.label)
        own = [self._message.text] if self._message.text else []
        if len(said) <= 1:
            return "; ".join([*own, *said])
        return "; ".join([*own, *(f"{', '.join(labels)}: {text}" for text, labels in said.items())])

    def ask(self, *actions: Action) -> None:
        """Have actions done at the next `attend`, in order; from any thread."""
        self._asked.put(*actions)

    def report(self, text: str) -> None:
        """Take down what is being done while engines are loaded; from any thread."""
        for panel in self.panels:
            panel.controls.report(text)

    def attend(self) -> None:
        """Do what was asked for and show what is new, then rest for a moment. Raises UserQuit."""
        for face in self._faces:
            self.ask(*face.look())
        asked = self._asked.take(frame_shown=True)
        for action in asked:
            self._do(action)
        changed = self._message.expire() or bool(asked)
        for face in self._faces:
            face.refresh(self, changed=changed)
        time.sleep(_REST_S)

    def over(self, outcome: Outcome) -> None:
        """One of the sources is over; from any thread."""
        panel = next(panel for panel in self.panels if panel.label == outcome.label)
        panel.over = "it has ended" if outcome.error is None else str(outcome.error)

    def _do(self, action: Action) -> None:
        if action == "quit" or (action == "leave" and not self.fullscreen):
            raise UserQuit
        if action in ("leave", "fullscreen"):
            self.fullscreen = not self.fullscreen
            self._ask_each("fullscreen", self.panels)
        elif action == "grid":
            self._look_at(None)
        elif action == "next_source":
            self._look_at(0 if self.alone is None else (self.alone + 1) % len(self.panels))
        elif isinstance(action, ShowSource):
            if 0 <= action.place < len(self.panels):
                self._look_at(action.place)
        elif action in _OF_ANY:
            self._ask_each(action, self._with_pictures(self.panels)[:1])
        elif action in _OF_THE_ONE:
            # Not those that are missing: it would be done once they come, perhaps an hour later.
            panels = self._with_pictures(self._looked_at())
            if not panels:
                self._message.say("there is no picture yet")
            recording = [panel for panel in panels if panel.recording]
            self._ask_each(action, (recording or panels) if action == "record" else panels)
        elif action == "step":
            pictures = self._with_pictures(self.panels)
            self._ask_each("step", pictures)
            # All pause together, those that are missing as well.
            flowing = [panel for panel in self.panels if panel not in pictures and not panel.controls.view.paused]
            self._ask_each("pause", flowing)
        else:
            self._ask_each(action, self.panels)

    def _look_at(self, place: int | None) -> None:
        self.alone = place
        self._message.say("all sources" if place is None else f"{self.panels[place].label}; g: all sources", 3.0)

    def _looked_at(self) -> Sequence[Panel]:
        return self.panels if self.alone is None else [self.panels[self.alone]]

    def _with_pictures(self, panels: Sequence[Panel]) -> Sequence[Panel]:
        return [panel for panel in panels if panel.controls.shown is not None and not panel.over]

    def _running(self) -> Iterator[Panel]:
        return (panel for panel in self.panels if not panel.over)

    def _ask_each(self, action: Action, panels: Sequence[Panel]) -> None:
        for panel in panels:
            if not panel.over:
                panel.controls.ask(action)
