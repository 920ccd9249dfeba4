"""How labels are painted, and what the window shows with them."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

from deeplab_cv.classes import PAINTED_BY_DEFAULT, RGB, parse_paint
from deeplab_cv.errors import SettingsError, did_you_mean
from deeplab_cv.options import Options, checked, option

Style = Literal["blend", "mask", "outline", "side-by-side", "blur", "replace", "cutout"]
"""How labels are painted."""

STYLES: tuple[Style, ...] = get_args(Style)

GREEN_SCREEN = "#00b140"

Paint = Annotated[dict[str, RGB], BeforeValidator(parse_paint)]
"""Classes to paint, each with its colour."""


class PictureOptions(Options):
    """How labels are painted, and what the window shows with them."""

    # fmt: off
    style: Style = option("blend", "how labels are painted")
    alpha: float = option(0.5, "opacity of the paint in style blend", "0..1", ge=0, le=1)
    paint: Paint = option(PAINTED_BY_DEFAULT, "classes to paint, with or without colour: 'person dog cat=#ff8800', or all", metavar="CLASSES")
    background: str = option(GREEN_SCREEN, "what style replace puts behind: a colour such as green or #00b140, or a picture file", metavar="COLOUR|FILE")
    legend: bool = option(True, "list the visible classes with their share in the window")
    line: bool = option(True, "show rate, latency and engine in the window")
    # fmt: on


def picture_options(**values: Any) -> PictureOptions:
    """The options of these names. Raises SettingsError, which names the nearest style where there is no such one."""
    style = values.get("style", STYLES[0])
    if style not in STYLES:
        meant = did_you_mean(str(style), STYLES)
        raise SettingsError("unknown style", style, f"{meant} there are {', '.join(STYLES)}".lstrip())
    return checked(PictureOptions, **values)
