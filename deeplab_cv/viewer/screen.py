"""A job's screen as a window: the controls' state drawn, keys and clicks handed to the controls."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import cv2
import numpy as np

from deeplab_cv.controls.controls import Controls
from deeplab_cv.controls.keys import help_rows
from deeplab_cv.controls.status import Status
from deeplab_cv.frames.frame import Frame, Painted, Scored
from deeplab_cv.frames.pixels import Image, Pixels, fitted, merged, to_grey
from deeplab_cv.frames.size import Size
from deeplab_cv.jobs.pipeline import Pipeline
from deeplab_cv.overlay.look import Look, look_of
from deeplab_cv.overlay.view import View, numbered_classes
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sources.state import SourceState
from deeplab_cv.viewer.legend import draw_legend
from deeplab_cv.viewer.text import draw_buttons, draw_lines, lines_size
from deeplab_cv.viewer.window import Button, Window

_REST_MS = 5

_LOOK_MS = 30
_LOOKS_S = 0.12
"""While an engine is chosen its time is measured: the live picture is shown a few times a second, and costs little."""

_NO_PICTURE = Size(640, 360)
"""Shown of a source that is missing since the start."""

_GREYED = 0.5
"""How bright the last picture of a source that is gone is shown."""

_ORIGINS = {"inferred": "", "carried": " (carried)", "kept": " (still)"}
"""How a frame that was not inferred is marked."""


class WindowScreen:
    """Shows painted frames in a window and does what its keys and buttons say; see jobs.job.Screen."""

    def __init__(self, window: Window, controls: Controls) -> None:
        self._window = window
        self._controls = controls
        self._look_at = 0.0
        self._drawn_for = Size(0, 0)

    @property
    def view(self) -> View:
        """How frames are painted now."""
        return self._controls.view

    @property
    def waits(self) -> bool:
        """Paused: no further frame is wanted now."""
        return self._controls.waits

    def attend(self, pipeline: Pipeline) -> None:
        """Do what keys, buttons and background loading ask for. Raises UserQuit."""
        looks = self._controls.shown is None
        self._controls.ask(*self._window.poll(_LOOK_MS if looks else _REST_MS if self.waits else 0))
        changed = self._controls.attend(pipeline)
        self._window.fill_screen(on=self.view.fullscreen)
        lost = pipeline.source_state.phase != "playing"
        if looks or lost:
            if changed or time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + _LOOKS_S
                (self._draw_source if looks else self._draw)(pipeline)
        elif self.waits and (changed or self._window.area_for(self._drawn_for) != self._drawn_for):
            # While frames flow the next one shows the change.
            self._draw(pipeline)

    def rest(self) -> bool:
        """Let the window live for a moment; False when a key came that wants attention."""
        self._controls.ask(*self._window.poll(_REST_MS))
        return not self._controls.asked

    def show(self, scored: Scored, painted: Painted, pipeline: Pipeline) -> None:
        """Put a new frame on the screen."""
        self._controls.show(scored, painted)
        self._draw(pipeline)

    def pass_over(self, frame: Frame) -> None:
        """A frame goes by that nobody looks at."""
        self._controls.pass_over(frame)

    def close(self) -> Written | None:
        """Close the window and finish the recording, which is returned where there is one. Raises SinkError."""
        self._window.close()
        return self._controls.close()

    def _draw_source(self, pipeline: Pipeline) -> None:
        """The source's newest frame as it is, with what is done until the first one is segmented."""
        state = pipeline.source_state
        if pipeline.newest is not None:
            image = pipeline.newest.image
        elif state.phase != "playing":
            image = np.zeros((*_NO_PICTURE.hw, 3), np.uint8)
        else:
            return
        if state.phase != "playing":
            image = greyed(image)
        lines = [*source_lines(state), self._controls.progress, "h: help", *help_lines(self.view)]
        self._window.show(draw_lines(fitted(image, self._area(image)), lines))

    def _area(self, picture: Image) -> Size:
        self._drawn_for = self._window.area_for(Size.of(picture))
        return self._drawn_for

    def _draw(self, pipeline: Pipeline) -> None:
        controls, view = self._controls, self.view
        status = controls.status(pipeline)
        if controls.shown is None or status is None:
            return
        painted = controls.shown.painted
        lines = screen_lines(status, view, pictures=controls.pictures)
        area = self._area(painted.picture)
        picture = run_drawn(painted, view, lines, area=area, gone=status.source.phase != "playing")
        buttons = picture_buttons(picture) if controls.tutorial else []
        picture = draw_buttons(picture, [(button.text, button.box) for button in buttons])
        self._window.show(picture, buttons)
        self._window.entitle(f"deeplab-cv: {status.title}")


def greyed(picture: Image) -> Image:
    """A picture without colour and half as bright: uint8 (H, W, 3), BGR. It shows what was, not what is."""
    half = np.asarray(cv2.convertScaleAbs(to_grey(picture), alpha=_GREYED), np.uint8)
    return merged(half, half, half)


def run_drawn(painted: Painted, view: View, lines: Sequence[str], *, area: Size, gone: bool) -> Image:
    """A run's painted frame with its list of classes and lines: uint8 (H, W, 3), BGR, as large as the area.

    Args:
        painted: the frame on the screen.
        view: how it is painted.
        lines: of text; a tab parts the two columns.
        area: how large the window is.
        gone: no frame comes after it for now, so that it is shown in grey.
    """
    if gone:
        painted = replace(painted, pixels=Pixels(image=greyed(painted.picture)))
    look = look_of(view, painted.class_names) if view.picture.legend and view.overlay else None
    return drawn_over(painted, look, lines, area=area, numbered=numbered_classes(view, painted.class_names))


def drawn_over(
    painted: Painted, look: Look | None, lines: Sequence[str], *, area: Size | None = None, numbered: Sequence[str] = ()
) -> Image:
    """A painted frame with what a user sees over it: uint8 (H, W, 3), BGR, for the window alone.

    Args:
        painted: the frame.
        look: what its list of classes is drawn by; None for no list.
        lines: of text; a tab parts the two columns.
        area: how large the window is; None for the picture's own size.
        numbered: the classes that have a key.
    """
    picture = fitted(painted.picture, area or Size.of(painted.picture))
    if look is not None:
        taken = lines_size(picture, lines)
        picture = draw_legend(picture, painted.labels, look, painted.class_names, numbered=numbered, beside=taken)
    return draw_lines(picture, lines)


@contextmanager
def opened_window(title: str) -> Iterator[Callable[[Painted, Look, Sequence[str]], None]]:
    """A window that nobody controls, while the block runs; gives what draws a frame and shows it there."""
    with closing(Window(title)) as window:

        def show(painted: Painted, look: Look, lines: Sequence[str]) -> None:
            area = window.area_for(Size.of(painted.picture))
            window.show(drawn_over(painted, look, lines, area=area))
            window.poll(0)

        yield show


def screen_lines(status: Status, view: View, *, pictures: bool) -> list[str]:
    """The lines of text over the picture; a tab parts the two columns of the help."""
    lines = source_lines(status.source)
    if view.picture.line:
        figures = [f"inference {status.inference_ms:.0f} ms{_ORIGINS[status.origin]}"]
        # A pause is no latency, and stops the rate.
        if not pictures and not view.paused:
            figures.insert(0, f"{status.rate:.1f} frames/s")
            if status.live:
                figures += [f"latency {status.latency_ms:.0f} ms", f"dropped {status.dropped}"]
                figures += [status.source.history] if status.source.history else []
        lines += ["  ".join(figures), status.made_by]
    if view.paused and not pictures:
        lines.append("paused")
    if status.message:
        lines.append(status.message)
    if status.recording:
        lines.append("recording")
    return lines + help_lines(view)


def source_lines(state: SourceState) -> list[str]:
    """Why no pictures come, or what is odd about them."""
    return [line for line in (state.line(time.monotonic()), *state.notices) if line]


def help_lines(view: View) -> list[str]:
    """Every key and what it does, where that is asked for."""
    return [f"{label}\t{text}" for label, text in help_rows()] if view.help else []


def picture_buttons(picture: Image) -> list[Button]:
    """The tutorial's two buttons, at the lower edge of a picture."""
    height, width = picture.shape[:2]
    button_width, button_height = max(1, width // 4), max(1, height // 12)
    top = height - button_height - height // 40
    return [
        Button("Segment", "segment", (width // 2 - button_width - width // 40, top, button_width, button_height)),
        Button("Restart", "restart", (width // 2 + width // 40, top, button_width, button_height)),
    ]
