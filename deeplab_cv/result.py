"""What a Segmenter gives for one picture. Imports nothing heavy until it is asked for something."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deeplab_cv.classes import known_class
from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deeplab_cv.frames.frame import Labels, Origin, Scored
    from deeplab_cv.frames.pixels import Image, Pixels
    from deeplab_cv.overlay.options import Style


class Result:
    """A picture and the class of each of its pixels.

    Attributes:
        labels: uint8 (H, W), a class number for each pixel, at the picture's own size.
        classes: the name behind each class number.
        engine: what computed it, such as `openvino:cpu:float32`.
        inference_ms: milliseconds the network took.
        time_s: presentation time in seconds, for a video.
        index: the frame's number in its source, counted from 0.
        origin: whether the scores were `inferred`, or `carried` along or `kept` from an earlier frame.
    """

    def __init__(self, scored: "Scored", labels: "Labels", engine: str) -> None:
        self._scored = scored
        self.labels = labels
        self.classes: tuple[str, ...] = scored.class_names
        self.engine = engine
        self.inference_ms = scored.inference_ms
        self.time_s = float(scored.frame.time_s)
        self.index = scored.frame.index
        self.origin: Origin = scored.origin

    def __repr__(self) -> str:
        return f"<Result {Size.of(self.labels)}, {self.engine}, {self.inference_ms:.0f} ms>"

    @property
    def frame(self) -> "Image":
        """The picture itself: uint8 (H, W, 3), BGR; copy it before writing into it."""
        return self._scored.frame.image

    def mask(self, name: str) -> "NDArray[np.bool_]":
        """Where a class is: bool (H, W). Raises SettingsError for a class that the network does not know."""
        mask: NDArray[np.bool_] = self.labels == known_class(name, self.classes)
        return mask

    def share(self, name: str) -> float:
        """How much of the picture a class fills, 0..1. Raises SettingsError for an unknown class."""
        from deeplab_cv.frames.areas import class_shares

        return float(class_shares(self.labels, len(self.classes))[known_class(name, self.classes)])

    def painted(
        self,
        *,
        style: "Style" = "blend",
        paint: str | Sequence[str] | None = None,
        alpha: float = 0.5,
        background: str = "#00b140",
    ) -> "Image":
        """The picture with its labels painted over it: uint8 (H, W, 3), BGR.

        Args:
            style: blend, mask, outline, side-by-side, blur, replace or cutout.
            paint: the classes to paint, such as "person dog=#00ff00"; person, dog and sheep without it.
            alpha: opacity of the paint in style blend, 0..1.
            background: what style replace puts behind: a colour or a picture file.

        Raises:
            SettingsError: an unknown style or class, or a background that is neither colour nor picture.
        """
        options = {"style": style, "alpha": alpha, "background": background}
        return self._painted_pixels(**options if paint is None else options | {"paint": paint}).image

    def _painted_pixels(self, **options: Any) -> "Pixels":
        from deeplab_cv.overlay.look import make_look
        from deeplab_cv.overlay.options import picture_options
        from deeplab_cv.overlay.painting import painted_pixels
        from deeplab_cv.overlay.view import paint_for

        picture = picture_options(**options)
        if "paint" not in options:
            picture = picture.model_copy(update={"paint": paint_for(picture, self.classes)})
        return painted_pixels(self._scored, self.labels, make_look(picture, self.classes))

    def cutout(self, name: str) -> "NDArray[np.uint8]":
        """One class alone, all else transparent, with soft edges: uint8 (H, W, 4), BGRA.

        Raises SettingsError for a class that the network does not know.
        """
        import numpy as np

        from deeplab_cv.segmentation.opacity import opacity_of

        opacity = opacity_of(self._scored, self.labels, [known_class(name, self.classes)])
        return np.dstack([self.frame, opacity])

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the painted picture; `options` are those of `painted`. A cut-out is transparent as .png and .webp.

        Raises SettingsError or SinkError.
        """
        from deeplab_cv.sinks.landing import write_whole
        from deeplab_cv.sinks.pictures import encode_picture

        write_whole(Path(path), encode_picture(self._painted_pixels(**options), Path(path)))

    def save_mask(self, path: str | os.PathLike[str]) -> None:
        """Write the labels as a PNG of class numbers, in the colours of PASCAL VOC's masks. Raises SinkError."""
        from deeplab_cv.sinks.landing import write_whole
        from deeplab_cv.sinks.masks import encode_mask

        write_whole(Path(path), encode_mask(self.labels))

    def to_supervision(self) -> Any:
        """`supervision.Detections` with one detection for each class in the picture, the background left out.

        Raises UsageError where the package is not installed.
        """
        try:
            import supervision
        except ImportError as error:
            raise UsageError("supervision is not installed", "to_supervision", "pip install supervision") from error
        import numpy as np

        found = [int(label) for label in np.unique(self.labels) if label]
        if not found:
            return supervision.Detections.empty()
        masks = np.stack([self.labels == label for label in found])
        names = np.array([self.classes[label] for label in found])
        return supervision.Detections(
            xyxy=supervision.mask_to_xyxy(masks),
            mask=masks,
            class_id=np.array(found),
            data={"class_name": names},
        )
