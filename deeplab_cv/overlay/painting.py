"""Scores -> labels -> picture: what the main thread does with every frame."""

from deeplab_cv.frames.frame import Labels, Painted, Scored
from deeplab_cv.frames.pixels import Image, Once, Pixels
from deeplab_cv.overlay.backgrounds import blurred, cut_out, over_checkerboard, put_before
from deeplab_cv.overlay.look import Look, look_of
from deeplab_cv.overlay.planes import blend_planes
from deeplab_cv.overlay.styles import paint
from deeplab_cv.overlay.view import View
from deeplab_cv.segmentation.opacity import opacity_of


def painted_frame(scored: Scored, labels: Labels, view: View) -> Painted:
    """Labels over their frame, in the style of a view; painted when a sink asks for it, in the form it asks for."""
    pixels = scored.frame.pixels
    if view.overlay:
        pixels = painted_pixels(scored, labels, look_of(view, scored.class_names))
    return Painted(scored.frame, labels, pixels, scored.class_names)


def painted_pixels(scored: Scored, labels: Labels, look: Look) -> Pixels:
    """A frame in the look's style: as BGR, for a blend over a video frame as planes, and a cut-out transparent."""
    pixels = scored.frame.pixels
    if look.style == "cutout":
        transparent = Once(lambda: cut_out(pixels.image, opacity_of(scored, labels, look.colours)))
        return Pixels(image=lambda: over_checkerboard(transparent()), transparent=transparent)
    if look.style in ("blur", "replace"):
        return Pixels(image=lambda: _before_another_background(scored, labels, look))
    planes = pixels.planes if look.style == "blend" else None
    return Pixels(
        image=lambda: paint(pixels.image, labels, look),
        planes=None if planes is None else lambda: blend_planes(planes, labels, look),
    )


def _before_another_background(scored: Scored, labels: Labels, look: Look) -> Image:
    image, opacity = scored.frame.image, opacity_of(scored, labels, look.colours)
    background = blurred(image, opacity) if look.style == "blur" else look.backdrop.at(scored.frame.size)
    return put_before(image, background, opacity)
