"""What a user can get wrong or a machine can fail at, each as one line: what, where, what to do.

Only cli.py prints these and turns them into an exit code.
"""


class UserError(Exception):
    """A failure that one line explains: `WHAT went wrong: WHERE; WHAT TO DO`.

    Attributes:
        what: what went wrong, in words.
        where: the file, key, device or value it concerns.
        remedy: what the user can do about it.
        exit_code: 2 for wrong use, 1 for a failed run.
    """

    exit_code = 1

    def __init__(self, what: str, where: object, remedy: str) -> None:
        self.what = what
        self.where = str(where)
        self.remedy = remedy
        super().__init__(f"{what}: {self.where}; {remedy}")


class UsageError(UserError):
    """The command line asks for something that cannot be asked for."""

    exit_code = 2


class SettingsError(UserError):
    """A setting's key is unknown, or its value has the wrong type or is out of range."""

    exit_code = 2


class SourceError(UserError):
    """Frames cannot be read."""


class SinkError(UserError):
    """A picture, mask or statistic cannot be shown or written."""


class CardError(UserError):
    """A card cannot be read or does not belong to its network file."""


class NetworkError(UserError):
    """A network file cannot be read or has no form this program can run."""


class EngineError(UserError):
    """An engine is missing, refuses the network or computes wrong scores."""


class DataError(UserError):
    """A training or measuring picture, mask or list is missing or wrong."""
