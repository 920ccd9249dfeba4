"""The camera of a browser that has the run's page open: one page at a time sends pictures, each a JPEG file."""

import io
import threading
import time

import cv2
import numpy as np
from PIL import Image as PillowImage

from deeplab_cv.frames.size import Size
from deeplab_cv.sources.pushed import PushedPictures

USUAL_SIZE = Size(640, 360)
"""What the page asks of the camera where nothing else is said."""

_MOST_PIXELS = 4096 * 2304
_OLDEST_S = 5.0


class BrowserCamera:
    """Takes the pictures that a page sends; every method may be called from any thread.

    Attributes:
        source: gives the newest of them; it is waited for while no page sends.
        size: what is asked of the camera, in pixels.
    """

    def __init__(self, size: Size = USUAL_SIZE) -> None:
        """Nobody sends yet."""
        self.size = size
        self._pictures = PushedPictures("the browser's camera", 'open the page and press "Send camera" on it')
        self.source = self._pictures.source
        self._lock = threading.Lock()
        self._sending = False

    def begin(self) -> bool:
        """A page wants to send; False where another one does."""
        with self._lock:
            if self._sending:
                return False
            self._sending = True
            return True

    def end(self) -> None:
        """The page that sent has gone."""
        with self._lock:
            self._sending = False
        self._pictures.leave()

    def give(self, jpeg: bytes, captured_at: float) -> bool:
        """Take a picture in place of one that nobody has read yet; False where it is none.

        Args:
            jpeg: it as a JPEG file.
            captured_at: when it was taken, `time.monotonic()` as far as the page knows it.
        """
        try:
            # Its size is looked at before it is decoded: a few bytes can stand for gigabytes.
            with PillowImage.open(io.BytesIO(jpeg), formats=["JPEG"]) as header:
                too_large = header.width * header.height > _MOST_PIXELS
        except (OSError, ValueError, SyntaxError, PillowImage.DecompressionBombError):
            return False
        image = None if too_large else cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return False
        now = time.monotonic()
        # A page that has not compared the clocks yet, or whose clock is wrong, is not believed.
        came_at = captured_at if now - _OLDEST_S < captured_at <= now else now
        self._pictures.put(np.asarray(image, np.uint8), came_at=came_at)
        return True
