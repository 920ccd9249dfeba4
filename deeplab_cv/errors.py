"""What a user can get wrong or a machine can fail at, each as one line: what, where, why, what to do.

Only cli.py prints these and turns them into an exit code. A file that is missing is also Python's FileNotFoundError,
for a caller who catches that.
"""

import difflib
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import PurePath
from types import MappingProxyType

_NEAR = 0.67
"""Of 0..1, how alike two words must be for one to be meant by the other."""

_PLAIN = re.compile(r"[\w@%+=:,./-]*" if os.name != "nt" else r"[\w@%+=:,./~()\\-]*")
"""What a shell takes as it stands, letters of every language among it."""

NO_OTHER_WORDS: Mapping[str, str] = MappingProxyType({})


def as_typed(name: object) -> str:
    """The name of a file, or another word, as it is typed or pasted into a shell: quoted where it must be."""
    text = str(name)
    if text and _PLAIN.fullmatch(text):
        return text
    return f'"{text}"' if os.name == "nt" else shlex.quote(text)


class UserError(Exception):
    """A failure that one line explains: `WHAT went wrong: WHERE (CAUSE); WHAT TO DO`.

    Attributes:
        what: what went wrong, in words.
        where: the file, key, device or value it concerns; a path as it is typed.
        remedy: what the user can do about it.
        cause: the reason by somebody else's word, such as the system's; empty where `what` says it all.
        exit_code: 2 for wrong use, 1 for a failed run.
    """

    exit_code = 1

    def __init__(self, what: str, where: object, remedy: str, *, cause: object = "") -> None:
        self.what = what
        self.where = as_typed(where) if isinstance(where, PurePath) else str(where)
        self.remedy = remedy
        self.cause = str(cause)
        reason = f" ({self.cause})" if self.cause else ""
        super().__init__(f"{what}: {self.where}{reason}; {remedy}")

    def __reduce__(self) -> tuple[Callable[[], "UserError"], tuple[()]]:
        """Made again from its parts, so that it can be copied and sent from a worker process."""
        return partial(type(self), self.what, self.where, self.remedy, cause=self.cause), ()


class UsageError(UserError):
    """The command line asks for something that cannot be asked for."""

    exit_code = 2


class SettingsError(UserError):
    """A setting's key is unknown, or its value has the wrong type or is out of range."""

    exit_code = 2


class SourceError(UserError):
    """Frames cannot be read."""


class PassedOverError(SourceError):
    """Some of several pictures cannot be read; raised after all others were."""


class MissingSourceError(SourceError, FileNotFoundError):
    """The file that frames shall be read from is not there."""


class SinkError(UserError):
    """A picture, mask or statistic cannot be shown or written."""


class CardError(UserError):
    """A card cannot be read or does not belong to its network file."""


class NetworkError(UserError):
    """A network file cannot be read or has no form this program can run."""


class MissingNetworkError(NetworkError, FileNotFoundError):
    """The network file is not there."""


class EngineError(UserError):
    """An engine is missing, refuses the network or computes wrong scores."""


class DataError(UserError):
    """A training or measuring picture, mask or list is missing or wrong."""


def nearest(word: str, known: Iterable[str], others: Mapping[str, str] = NO_OTHER_WORDS) -> str | None:
    """The known word that is most likely meant; None where none is near.

    Args:
        word: what somebody wrote.
        known: all that could be meant.
        others: further words, in lower case, each with the one that it stands for.
    """
    written = word.casefold()
    lower = {each.casefold(): each for each in known}
    if written in lower:
        return lower[written]
    if written in others:
        return others[written]
    begun = [each for each in lower if each.startswith(written)] if len(written.strip("-")) > 2 else []
    # Somebody who misspells another program's word means ours all the same.
    close = begun[:1] or difflib.get_close_matches(written, [*lower, *others], n=1, cutoff=_NEAR)
    return (lower | dict(others))[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], others: Mapping[str, str] = NO_OTHER_WORDS) -> str:
    """The question that names the nearest known word; empty where none is near."""
    meant = nearest(word, known, others)
    return f"did you mean {meant}?" if meant is not None else ""
