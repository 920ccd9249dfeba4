"""Which events are recorded, where, for how long they are kept, and who is told."""

import re

from pydantic import field_validator

from deeplab_cv.options import Options, option

_BYTES = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}  # fmt: skip
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


class EventOptions(Options):
    """Which events are recorded, where, for how long they are kept, and who is told."""

    # fmt: off
    record_when: str | None = option(None, "record while a class is in the picture, such as person, or one of several: person,dog", metavar="CLASS")
    record_share: float = option(0.02, "the share of the picture that the class has to fill", "0..1", gt=0, le=1)
    record_for: float = option(1.0, "how long the class has to be there before that counts as an event", "seconds", ge=0, le=3600, metavar="SECONDS")
    pre_roll: float = option(5.0, "how much is recorded of the time before an event", "seconds", ge=0, le=60, metavar="SECONDS")
    post_roll: float = option(5.0, "how long recording goes on after the class has gone", "seconds", ge=0, le=3600, metavar="SECONDS")
    record_to: str | None = option(None, "folder for recordings; without --record-when everything is recorded, a file for each hour", metavar="FOLDER")
    record_limit: str | None = option(None, "delete the oldest recordings where those in the folder are larger than this together, such as 10GB", metavar="SIZE")
    record_age: str | None = option(None, "delete recordings that are older than this, such as 30d or 12h", metavar="TIME")
    record_free: str | None = option(None, "delete the oldest recordings where the disk has less room than this, such as 5GB", metavar="SIZE")
    on_event: str | None = option(None, "post what is known of each event to this address, as JSON, when it is over; ${NAME} is taken from the environment", metavar="URL")
    # fmt: on

    @property
    def records(self) -> bool:
        """Something is recorded."""
        return self.record_when is not None or self.record_to is not None

    @field_validator("record_limit", "record_free", mode="before")
    @classmethod
    def _is_a_size(cls, value: object) -> object:
        if value is None:
            return None
        bytes_of(str(value))
        return str(value)

    @field_validator("record_age", mode="before")
    @classmethod
    def _is_a_time(cls, value: object) -> object:
        if value is None:
            return None
        seconds_of(str(value))
        return str(value)


def bytes_of(text: str) -> int:
    """A size such as 10GB or 500 MB in bytes. Raises ValueError."""
    return round(_measured(text, _BYTES, "a size is a number and one of kB, MB, GB, TB, such as 10GB"))


def seconds_of(text: str) -> float:
    """A time such as 30d or 12h in seconds. Raises ValueError."""
    return _measured(text, _SECONDS, "a time is a number and one of s, min, h, d, w, such as 30d")


def _measured(text: str, units: dict[str, int], problem: str) -> float:
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)\s*", text.lower(), re.ASCII)
    unit = units.get(found[2]) if found else None
    if found is None or unit is None or float(found[1]) == 0:
        raise ValueError(problem)
    return float(found[1]) * unit
