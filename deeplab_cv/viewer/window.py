"""The live window: shows pictures, hands back keys and clicks."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from deeplab_cv.controls.keys import Action, action_of
from deeplab_cv.frames.pixels import Image
from deeplab_cv.frames.size import Size
from deeplab_cv.viewer.codes import key_name

_LARGEST, _LEAST, _SMALL = Size(1280, 800), Size(400, 300), Size(640, 480)


@dataclass(frozen=True)
class Button:
    """An on-screen button: its text, what it does, and where it lies in the picture (left, top, width, height; px)."""

    text: str
    action: Action
    box: tuple[int, int, int, int]

    def holds(self, x: int, y: int) -> bool:
        """A point of the picture lies on the button."""
        left, top, width, height = self.box
        return left <= x < left + width and top <= y < top + height


class Window:
    """A window of OpenCV's; a context manager that closes it."""

    def __init__(self, title: str) -> None:
        self._title = self._shown_title = title
        self._buttons: Sequence[Button] = ()
        self._clicked: list[Action] = []
        self._seen = False
        self._fills_screen = False
        self._opened_for = Size(0, 0)
        _prepare_qt()
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.setMouseCallback(title, self._on_mouse)

    def area_for(self, picture: Size) -> Size:
        """How large what is shown has to be now; for the first picture the window takes a size that suits it."""
        if self._opened_for == Size(0, 0):
            self._opened_for = opening_size(picture)
            cv2.resizeWindow(self._title, *self._opened_for)
        try:
            _, _, width, height = cv2.getWindowImageRect(self._title)
        except cv2.error:
            width = height = 0
        return Size(width, height) if min(width, height) > 0 else self._opened_for

    def show(self, picture: Image, buttons: Sequence[Button] = ()) -> None:
        """Put a picture (uint8 (H, W, 3), BGR) of the size that `area_for` says on the screen, with its buttons."""
        self._buttons = buttons
        if self._seen and not self._visible():
            # Closed since the last poll, which will say so; imshow would open it anew.
            return
        cv2.imshow(self._title, picture)

    def entitle(self, title: str) -> None:
        """Write another title above the window."""
        if title != self._shown_title and self._visible():
            self._shown_title = title
            cv2.setWindowTitle(self._title, title)

    def poll(self, wait_ms: int) -> list[Action]:
        """Let the window live, then rest for `wait_ms`; the keys and clicks that came, `quit` when it was closed."""
        actions: list[Action] = []
        # Not waitKey: Qt's can sleep for ever when its timer fires before it has begun to wait for it.
        name = key_name(cv2.pollKey())
        if name is not None:
            actions.append(action_of(name))
        actions += self._clicked
        self._clicked = []
        visible = self._visible()
        # Only a change from visible to not is a close: some systems say "not visible" before the first picture
        # (OpenCV issue 25346).
        if self._seen and not visible:
            actions.append("quit")
        self._seen = self._seen or visible
        time.sleep(wait_ms / 1000)
        return actions

    def fill_screen(self, *, on: bool) -> None:
        """Fill the screen, or no longer."""
        if on != self._fills_screen:
            self._fills_screen = on
            mode = cv2.WINDOW_FULLSCREEN if on else cv2.WINDOW_NORMAL
            cv2.setWindowProperty(self._title, cv2.WND_PROP_FULLSCREEN, mode)

    def close(self) -> None:
        """Take the window off the screen; safe to call twice."""
        if self._visible():
            cv2.destroyWindow(self._title)
            cv2.pollKey()

    def _visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:
            # What Qt says once its last window is gone.
            return False

    def _on_mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        if event == cv2.EVENT_LBUTTONDBLCLK and not any(button.holds(x, y) for button in self._buttons):
            self._clicked.append("fullscreen")
        if event == cv2.EVENT_LBUTTONDOWN:
            self._clicked += [button.action for button in self._buttons if button.holds(x, y)]


def opening_size(picture: Size) -> Size:
    """How large a window opens for a picture: as large as it, within what fits a screen and what holds the text."""
    scale = min(1.0, _LARGEST.width / picture.width, _LARGEST.height / picture.height)
    scale = max(scale, min(_SMALL.width / picture.width, _SMALL.height / picture.height))
    width, height = round(picture.width * scale), round(picture.height * scale)
    return Size(max(_LEAST.width, width), max(_LEAST.height, height))


def _prepare_qt() -> None:
    # Qt prints warnings about fonts that nothing here uses.
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false;*.info=false")
    # The Qt inside the wheels speaks X11 only; under Wayland it goes through XWayland.
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
