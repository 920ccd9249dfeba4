"""Standard input as a file that grows: `-` where a video or a picture is asked for."""

import os
import sys
import tempfile
import threading
from functools import lru_cache
from pathlib import Path

import av
from av.container import InputContainer

from deeplab_cv.errors import SourceError
from deeplab_cv.machine import interrupts

NAME = "standard input"

_BLOCK = 1 << 16

_BOXES = (b"ftyp", b"wide", b"free", b"skip", b"mdat", b"moov", b"pnot")
"""What MP4 and MOV begin with."""


class StandardInput:
    """All that comes through standard input, in a temporary file: pictures and sound are read apart, at their own pace.

    Attributes:
        path: the file, in a folder that is deleted when the program ends.
    """

    def __init__(self, descriptor: int) -> None:
        """Begin to read an open pipe or file, named by its number in the system, in a thread of its own."""
        with interrupts.being_made:
            self._folder = tempfile.TemporaryDirectory(prefix="deeplab-cv-", ignore_cleanup_errors=True)
            interrupts.leftovers.add(self._folder.name)
        self.path = Path(self._folder.name) / NAME
        self._descriptor = descriptor
        self._arrived = 0
        self._ended = False
        self._change = threading.Condition()
        self._file = self.path.open("wb", buffering=0)
        threading.Thread(target=self._copy, name=NAME, daemon=True).start()

    def wait_for(self, count: int) -> bool:
        """Wait until so many bytes are in the file; False where it ends before."""
        with self._change:
            self._change.wait_for(lambda: self._ended or self._arrived >= count)
            return self._arrived >= count

    def wait_for_end(self) -> None:
        """Wait until all is in the file."""
        with self._change:
            self._change.wait_for(lambda: self._ended)

    def stop(self) -> None:
        """Take what has come for all; whoever waits goes on."""
        with self._change:
            self._ended = True
            self._change.notify_all()

    def open(self) -> InputContainer:
        """Its streams, from the beginning; what has come can be read before the rest is there.

        An MP4 whose index stands behind its pictures can be read only when all of it is there. Raises FFmpegError.
        """
        if self._index_is_last():
            self.wait_for_end()
        if self._ended:
            return av.open(f"file:{self.path}", metadata_errors="replace")
        return av.open(_FileThatGrows(self), "r", metadata_errors="replace")

    def _copy(self) -> None:
        try:
            # Not sys.stdin, whose lock a thread that waits would hold when the program ends.
            while not self._ended and (block := os.read(self._descriptor, _BLOCK)):
                self._file.write(block)
                with self._change:
                    self._arrived += len(block)
                    self._change.notify_all()
        except OSError:
            # Nobody sends any more, or the disk is full: what came is read, and found to be cut off.
            pass
        finally:
            self._file.close()
            self.stop()

    def _index_is_last(self) -> bool:
        """The file is an MP4 or MOV whose index (moov) does not come before its pictures (mdat)."""
        at = 0
        with self.path.open("rb") as file:
            while self.wait_for(at + 16):
                file.seek(at)
                head = file.read(16)
                size, kind = int.from_bytes(head[:4], "big"), head[4:8]
                if at == 0 and kind not in _BOXES:
                    return False
                if kind in (b"moov", b"moof"):
                    return False
                if kind == b"mdat":
                    return True
                at += int.from_bytes(head[8:], "big") if size == 1 else max(size, 8)
        return True


class _FileThatGrows:
    """Reads the file from its beginning and waits where it is not there yet; FFmpeg cannot seek in it."""

    def __init__(self, source: StandardInput) -> None:
        self._source = source
        self._file = source.path.open("rb")
        self._at = 0

    def read(self, count: int) -> bytes:
        """The next bytes, at least one, or none at the end."""
        self._source.wait_for(self._at + 1)
        data = self._file.read(count)
        self._at += len(data)
        return data

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


@lru_cache(maxsize=1)
def standard_input() -> StandardInput:
    """The one standard input, read from now on. Raises SourceError where nothing can come."""
    try:
        descriptor = sys.stdin.fileno()
        is_terminal = sys.stdin.isatty()
    except (AttributeError, OSError, ValueError):
        raise SourceError("there is no standard input", "-", "pipe a video or a picture into the program") from None
    if is_terminal:
        raise SourceError("standard input is the keyboard", "-", "pipe a video or a picture into the program")
    return StandardInput(descriptor)


def behind(path: Path) -> StandardInput | None:
    """The standard input that a path is the file of; None for every other file."""
    if standard_input.cache_info().currsize == 0:
        return None
    source = standard_input()
    return source if path == source.path else None


def open_media(path: Path) -> InputContainer:
    """The streams of a file, or of standard input. Raises FFmpegError."""
    source = behind(path)
    if source is not None:
        return source.open()
    # Without the prefix FFmpeg takes what stands before a colon in a name for a protocol.
    return av.open(f"file:{path}", metadata_errors="replace")
