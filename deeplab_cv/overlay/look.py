"""How labels are painted: style, opacity, colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deeplab_cv.classes import RGB
from deeplab_cv.errors import SettingsError


@dataclass(frozen=True)
class Look:
    """How labels are painted.

    Attributes:
        style: one of settings.STYLES.
        alpha: opacity of the paint in style blend, 0..1.
        colours: label -> colour (RGB) for each painted class; the others stay as the camera saw them.
    """

    style: str
    alpha: float
    colours: Mapping[int, RGB] = field(default_factory=dict)


def make_look(style: str, alpha: float, paint: Mapping[str, RGB], class_names: Sequence[str]) -> Look:
    """The look that settings describe for a network with these classes.

    Raises SettingsError if a painted class is none of the network's.
    """
    unknown = [name for name in paint if name not in class_names]
    if unknown:
        raise SettingsError("unknown class", unknown[0], "this network knows " + ", ".join(class_names))
    return Look(style, alpha, {class_names.index(name): colour for name, colour in paint.items()})
