"""What the options of every room are made of: fields that a flag, a line of config.yaml and a help text come from."""

import reprlib
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from deeplab_cv.errors import SettingsError


class Options(BaseModel):
    """Options of one room; a wrong or unknown value raises pydantic's ValidationError."""

    # Built when the first value is checked, so that --help need not wait for it.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_text_of_zeros(cls, value: object) -> object:
        # No name of a file, class or device holds one; YAML can write it, and the system refuses it in its own words.
        texts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise ValueError("it holds a character of number 0")
        return value


def option(
    default: Any,
    description: str,
    unit: str = "",
    *,
    metavar: str = "",
    heading: str = "",
    counted: bool = False,
    **limits: Any,
) -> Any:
    """A field of Options.

    Args:
        default: what holds where nothing is said.
        description: the help text.
        unit: what a number counts, or the range that it lies in.
        metavar: what stands for the value in the help; without it N, NAME or TEXT.
        heading: a group of its own in help and config.yaml.
        counted: a number that the flag, which takes no value, makes greater each time it is given.
        limits: pydantic's own, such as ge and le.
    """
    return Field(
        default,
        description=description,
        json_schema_extra={
            "unit": unit,
            "metavar": metavar,
            "heading": heading,
            "counted": "counted" if counted else "",
        },
        **limits,
    )


OptionsOfARoom = TypeVar("OptionsOfARoom", bound=Options)


def checked(kind: type[OptionsOfARoom], **values: Any) -> OptionsOfARoom:
    """Options of this kind. Raises SettingsError, which names the first wrong value."""
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        problem = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"wrong value {shown(first['input'])}", str(first["loc"][0]), problem) from None


def shown(value: object) -> str:
    """A value as a line of text can show it: the beginning of a long one."""
    try:
        return reprlib.repr(value)
    except ValueError:
        # Python does not write integers of more than 4,300 digits.
        return "a number of thousands of digits"


def flag(key: str) -> str:
    """An option's flag on the command line."""
    return "--" + key.replace("_", "-")
