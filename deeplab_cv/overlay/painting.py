"""Scores -> labels -> picture: what the main thread does with every frame."""

from deeplab_cv.frames.frame import Labels, Painted, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.overlay.look import Look, look_of
from deeplab_cv.overlay.planes import blend_planes
from deeplab_cv.overlay.styles import paint
from deeplab_cv.overlay.view import View


def painted_frame(scored: Scored, labels: Labels, view: View) -> Painted:
    """Labels over their frame, in the style of a view; painted when a sink asks for it, in the form it asks for."""
    pixels = scored.frame.pixels
    if view.overlay:
        pixels = painted_pixels(pixels, labels, look_of(view, scored.class_names))
    return Painted(scored.frame, labels, pixels, scored.class_names)


def painted_pixels(pixels: Pixels, labels: Labels, look: Look) -> Pixels:
    """A picture in the look's style, as BGR or, for a blend over a video frame, as planes."""
    planes = pixels.planes if look.style == "blend" else None
    return Pixels(
        image=lambda: paint(pixels.image, labels, look),
        planes=None if planes is None else lambda: blend_planes(planes, labels, look),
    )
