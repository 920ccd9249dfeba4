"""Scores -> labels -> picture: what the main thread does with every frame."""

from deeplab_cv.frames.frame import Labels, Painted, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.overlay.look import Look, make_look
from deeplab_cv.overlay.planes import blend_planes
from deeplab_cv.overlay.styles import paint
from deeplab_cv.overlay.view import View, painted_classes
from deeplab_cv.settings import Settings


def painted_frame(scored: Scored, labels: Labels, view: View, settings: Settings) -> Painted:
    """Labels over their frame, in the style of a view; painted when a sink asks for it, in the form it asks for."""
    pixels = scored.frame.pixels
    if view.overlay:
        pixels = painted_pixels(pixels, labels, look_of(view, settings, scored.class_names))
    return Painted(scored.frame, labels, pixels, scored.class_names)


def painted_pixels(pixels: Pixels, labels: Labels, look: Look) -> Pixels:
    """A picture in the look's style, as BGR or, for a blend over a video frame, as planes."""
    planes = pixels.planes if look.style == "blend" else None
    return Pixels(
        image=lambda: paint(pixels.image, labels, look),
        planes=None if planes is None else lambda: blend_planes(planes, labels, look),
    )


def look_of(view: View, settings: Settings, class_names: tuple[str, ...]) -> Look:
    """The look that a view asks for."""
    classes = painted_classes(view, settings.paint, class_names)
    return make_look(view.style, view.alpha, classes, class_names, settings.background)
