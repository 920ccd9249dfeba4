"""What a user can get wrong or a machine can fail at, each as one line: what, where, why, what to do.

Only cli.py prints these and turns them into an exit code. A file that is missing is also Python's FileNotFoundError,
for a caller who catches that.
"""

from collections.abc import Callable
from functools import partial


class UserError(Exception):
    """A failure that one line explains: `WHAT went wrong: WHERE (CAUSE); WHAT TO DO`.

    Attributes:
        what: what went wrong, in words.
        where: the file, key, device or value it concerns.
        remedy: what the user can do about it.
        cause: the reason by somebody else's word, such as the system's; empty where `what` says it all.
        exit_code: 2 for wrong use, 1 for a failed run.
    """

    exit_code = 1

    def __init__(self, what: str, where: object, remedy: str, *, cause: object = "") -> None:
        self.what = what
        self.where = str(where)
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
