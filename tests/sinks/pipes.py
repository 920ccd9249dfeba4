"""Pipes with a reader, and with one that stands still."""

import os
import threading


def read_from(descriptor: int) -> tuple[list[bytes], threading.Thread]:
    """All that comes out of a pipe, in a thread: a pipe holds little."""
    came: list[bytes] = []

    def work() -> None:
        while block := os.read(descriptor, 1 << 16):
            came.append(block)
        os.close(descriptor)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return came, thread


def filled_pipe() -> tuple[int, int]:
    """A pipe that has no room left, since nobody reads it: its two ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for block in (bytes(1 << 12), bytes(1)):
        try:
            while True:
                os.write(writing, block)
        except BlockingIOError:
            pass
    os.set_blocking(writing, True)
    return reading, writing
