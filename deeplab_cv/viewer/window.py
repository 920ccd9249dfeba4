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

_LARGEST = Size(1280, 800)


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
        self._title = title
        self._buttons: Sequence[Button] = ()
        self._clicked: list[Action] = []
        self._seen = False
        self._picture_size = self._fitted_size = Size(0, 0)
        _prepare_qt()
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.setMouseCallback(title, self._on_mouse)

    def show(self, picture: Image, buttons: Sequence[Button] = ()) -> None:
        """Put a picture (uint8 (H, W, 3), BGR) on the screen, with buttons that can be clicked."""
        self._buttons = buttons
        if self._seen and not self._visible():
            # Closed since the last poll, which will say so; imshow would open it anew.
            return
        cv2.imshow(self._title, picture)
        self._picture_size = Size.of(picture)

    def poll(self, wait_ms: int) -> list[Action]:
        """Let the window live, then rest for `wait_ms`; the keys and clicks that came, `quit` when it was closed."""
        actions = []
        # Not waitKey: Qt's can sleep for ever when its timer fires before it has begun to wait for it.
        action = action_of(cv2.pollKey())
        if action is not None:
            actions.append(action)
        actions += self._clicked
        self._clicked = []
        visible = self._visible()
        # Only a change from visible to not is a close: some systems say "not visible" before the first picture
        # (OpenCV issue 25346).
        if self._seen and not visible:
            actions.append("quit")
        self._seen = self._seen or visible
        if visible and self._picture_size != self._fitted_size:
            # Qt's window does not keep a picture's aspect by itself.
            self._fit(self._picture_size)
        time.sleep(wait_ms / 1000)
        return actions

    def close(self) -> None:
        """Take the window off the screen; safe to call twice."""
        if self._visible():
            cv2.destroyWindow(self._title)
            cv2.pollKey()

    def _fit(self, size: Size) -> None:
        self._fitted_size = size
        scale = min(1.0, _LARGEST.width / size.width, _LARGEST.height / size.height)
        cv2.resizeWindow(self._title, max(1, round(size.width * scale)), max(1, round(size.height * scale)))

    def _visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:
            # What Qt says once its last window is gone.
            return False

    def _on_mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        if event == cv2.EVENT_LBUTTONDOWN:
            self._clicked += [button.action for button in self._buttons if button.holds(x, y)]


def _prepare_qt() -> None:
    # Qt prints warnings about fonts that nothing here uses.
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false;*.info=false")
    # The Qt inside the wheels speaks X11 only; under Wayland it goes through XWayland.
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
