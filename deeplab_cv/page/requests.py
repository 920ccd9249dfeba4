"""What a page asks of the run, in JSON -> one of the controls' actions."""

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from deeplab_cv.classes import RGB, parse_colour
from deeplab_cv.controls.keys import Action, PaintClass, PaintNamed, SetView, ShowSource, Word
from deeplab_cv.options import Options
from deeplab_cv.overlay.options import Style
from deeplab_cv.sources.named import MOST

MOST_BYTES = 4096
"""No request is longer."""

_LONGEST_NAME = 100


class _Values(Options):
    style: Style | None = None
    alpha: float | None = Field(None, ge=0, le=1)
    smooth: float | None = Field(None, ge=0, le=0.95)


class _NamedClass(Options):
    name: str = Field(max_length=_LONGEST_NAME)
    on: bool | None = None
    colour: Annotated[RGB, BeforeValidator(parse_colour)] | None = None


class _Request(Options):
    action: Word | None = None
    paint: int | None = Field(None, ge=1, le=9)
    values: _Values | None = None
    painted: _NamedClass | None = None
    source: int | None = Field(None, ge=0, lt=MOST)


def action_of(body: bytes) -> Action:
    """The action that a request asks for.

    One of `{"action": "style"}`, `{"paint": 3}`, `{"values": {"alpha": 0.7}}`, `{"source": 1}` (counted from 0) and
    `{"painted": {"name": "dog", "on": true, "colour": "#00ff00"}}`. Raises ValueError for anything else.
    """
    try:
        request = _Request.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from None
    actions: list[Action] = [request.action] if request.action is not None else []
    if request.paint is not None:
        actions.append(PaintClass(request.paint))
    if (values := request.values) is not None:
        actions.append(SetView(style=values.style, alpha=values.alpha, smooth=values.smooth))
    if (painted := request.painted) is not None:
        actions.append(PaintNamed(name=painted.name, on=painted.on, colour=painted.colour))
    if request.source is not None:
        actions.append(ShowSource(request.source))
    if len(actions) != 1:
        raise ValueError("name one of action, paint, values, painted and source")
    return actions[0]
