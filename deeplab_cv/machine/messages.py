"""Messages between two processes over a pipe: pickles behind their length."""

import pickle
from typing import IO, Any

_HEAD = 8
"""Bytes of a message's length."""


def send(stream: IO[bytes], message: object) -> None:
    """Write a message. Raises OSError where nobody reads it."""
    data = pickle.dumps(message)
    stream.write(len(data).to_bytes(_HEAD, "little") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """The next message; None at the end."""
    try:
        head = stream.read(_HEAD)
        length = int.from_bytes(head, "little")
        data = stream.read(length)
    except (OSError, ValueError):
        return None
    # Who is killed may leave half a message.
    return pickle.loads(data) if len(head) == _HEAD and len(data) == length else None
