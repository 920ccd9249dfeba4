"""Several sources on the page: the shared picture is a grid of them, or one alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from deeplab_cv.controls.grid import USUAL_AREA
from deeplab_cv.controls.keys import Action
from deeplab_cv.controls.several import Panel, SeveralControls
from deeplab_cv.controls.stage import RunState, Stage
from deeplab_cv.controls.status import Status
from deeplab_cv.frames.pixels import Image, Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.state import SourceState

_PICTURE_S = 1 / 30
_STATE_S = 0.1

Draw = Callable[[Sequence[Panel]], Callable[[Size], Image]]
"""Looks at the sources now, and gives what draws them into an area when somebody wants the picture."""


class SeveralOnPage:
    """Puts several sources on a page's stage; see controls.several.Face."""

    def __init__(self, stage: Stage, several: SeveralControls, draw: Draw) -> None:
        """Nothing is on the page yet.

        Args:
            stage: the page's.
            several: what is shown on it; each source is watched while the page is, and it is not hidden by another one.
            draw: draws the grid.
        """
        self._stage = stage
        self._draw = draw
        self._shown: object = None
        self._picture_at = 0.0
        self._state_at = 0.0
        for place, panel in enumerate(several.panels):
            panel.stage.audience = partial(self._watches, several, place)

    def _watches(self, several: SeveralControls, place: int) -> bool:
        return self._stage.watched and several.alone in (None, place)

    def look(self) -> Sequence[Action]:
        """What pages ask for goes to the controls by itself."""
        return ()

    def refresh(self, several: SeveralControls, *, changed: bool) -> None:
        """Show what is new."""
        now = time.monotonic()
        alone = None if several.alone is None else several.panels[several.alone]
        if alone is not None and alone.stage.picture is None:
            self._show_grid([alone], now)
        elif alone is not None:
            self._show_alone(alone)
        elif changed or now >= self._picture_at:
            self._show_grid(several.panels, now)
        if changed or now >= self._state_at:
            self._state_at = now + _STATE_S
            if (state := state_of(several)) is not None:
                self._stage.say(state)

    def _show_alone(self, panel: Panel) -> None:
        picture = panel.stage.picture
        if picture is not None and (panel.label, picture) != self._shown:
            self._shown = panel.label, picture
            self._stage.show(picture.pixels, picture.since_s, passed=picture.passed)

    def _show_grid(self, panels: Sequence[Panel], now: float) -> None:
        pictures = [panel.stage.picture for panel in panels]
        # Figures in the picture change while it stands still: it is drawn again with the state.
        seen = pictures, [panel.stage.state for panel in panels], [panel.over for panel in panels]
        if seen == self._shown:
            return
        self._shown, self._picture_at = seen, now + _PICTURE_S
        draw = self._draw(panels)
        there = [picture for picture in pictures if picture is not None]
        since_s = max((picture.since_s for picture in there), default=now)
        passed = bool(there) and all(picture.passed for picture in there)
        self._stage.show(Pixels(image=lambda: draw(USUAL_AREA)), since_s, passed=passed)


def state_of(several: SeveralControls) -> RunState | None:
    """All sources as one run: with the figures of the one that is shown alone, or of all together.

    None before any of them has said anything.
    """
    known = [(panel, panel.stage.state) for panel in several.panels]
    states = [replace(state, over=panel.over) for panel, state in known if state is not None]
    if not states:
        return None
    alone = several.panels[several.alone].label if several.alone is not None else None
    one = next((state for state in states if state.label == alone), None)
    running = [state for state in states if not state.over]
    begun = [state for state in running if state.status is not None]
    base = one or next(iter(begun or running), states[0])
    status = _together([state.status for state in begun if state.status is not None], several)
    if one is not None:
        status = replace(one.status, message=several.message) if one.status is not None else None
    name = f"{len(several.panels)} sources"
    playing = any(state.source_state.phase == "playing" and not state.over for state in states)
    return replace(
        base,
        source=base.source if one is not None else replace(base.source, name=name),
        source_state=base.source_state if one is not None else SourceState(name, "playing" if playing else "gone"),
        view=several.view,
        status=status,
        sources=tuple(states),
        alone=several.alone,
    )


def _together(all_of_them: Sequence[Status], several: SeveralControls) -> Status | None:
    """The figures of all sources as one: what is counted is added, what is measured is the greatest."""
    if not all_of_them:
        return None
    return replace(
        all_of_them[0],
        rate=sum(status.rate for status in all_of_them),
        inference_ms=max(status.inference_ms for status in all_of_them),
        latency_ms=max(status.latency_ms for status in all_of_them),
        dropped=sum(status.dropped for status in all_of_them),
        recording=any(status.recording for status in all_of_them),
        title=f"{len(several.panels)} sources",
        message=several.message,
    )
