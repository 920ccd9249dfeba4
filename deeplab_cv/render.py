"""Scores -> labels -> picture: what the main thread does with every frame."""

from deeplab_cv.frame import Labels, Painted, Scored
from deeplab_cv.overlay.look import Look, make_look
from deeplab_cv.overlay.styles import paint
from deeplab_cv.postprocess import labels_at
from deeplab_cv.settings import Settings
from deeplab_cv.smoothing import ScoreSmoother
from deeplab_cv.view import View, painted_classes


def labels_of(scored: Scored, smoother: ScoreSmoother, smooth: float) -> Labels:
    """The class of each pixel of the frame: uint8 (H, W). `smooth` is the weight of earlier scores, 0 is off."""
    smoother.weight = smooth
    scores = smoother.smooth(scored.scores, scored.frame, scored.area)
    return labels_at(scores, scored.frame.size_wh, scored.align_corners, scored.area)


def painted_frame(scored: Scored, labels: Labels, view: View, settings: Settings) -> Painted:
    """Labels over their frame, in the style of a view."""
    image = scored.frame.image
    picture = paint(image, labels, look_of(view, settings, scored.class_names)) if view.overlay else image
    return Painted(scored.frame, labels, picture, scored.class_names)


def look_of(view: View, settings: Settings, class_names: tuple[str, ...]) -> Look:
    """The look that a view asks for."""
    classes = painted_classes(view, settings.paint, class_names)
    return make_look(view.style, view.alpha, classes, class_names, settings.background)
