"""Words on the command line -> a command. Imports nothing heavy, so that --help is instant.

Each sub-command is a module of deeplab_cv.commands with `add_arguments(parser)` and `run(args) -> exit code`;
it is imported only when it is named. Without a sub-command the arguments are those of `run`.
"""

import argparse
import importlib
import os
import re
import sys
import traceback
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NoReturn

from deeplab_cv.errors import UsageError, UserError, as_typed, did_you_mean
from deeplab_cv.machine import interrupts
from deeplab_cv.machine.opencv_environment import make_opencv_silent, make_opencv_wait_less
from deeplab_cv.machine.program import program
from deeplab_cv.machine.telemetry import switch_off_telemetry
from deeplab_cv.terminal import lines_as_json, logged_lines, print_line, print_text
from deeplab_cv.version import VERSION

COMMANDS = {
    "run": "segment a camera, a video or pictures (the default command)",
    "batch": "segment many pictures and videos into a folder; a second run goes on where the first was",
    "doctor": "prove every engine of this machine, and say why the others cannot be used",
    "web": "write a web page that segments on the visitor's own device",
    "models": "list the networks that lie here, with accuracy and speed",
    "config": "print the settings that hold, and where each came from",
    "bench": "measure this machine: engines, stages, the whole program, latency, memory, peers",
    "evaluate": "measure a network on pictures with masks, or its calm on a video",
    "train": "train a network on your own pictures",
    "export": "turn a PyTorch network into a file this program runs",
    "repair": "mend an ONNX file from elsewhere and write its card",
    "verify": "prove that every engine gives a network's own answer",
    "optimise": "see what rewriting a network for speed brings on this machine",
    "quantise": "make an int8 form of a network with your own frames",
}
"""What each command does, as the help of `run` lists them: to use, to look, to measure, to make a network."""

OTHER_SPELLINGS = {"quantize": "quantise", "optimize": "optimise"}
"""Commands as America writes them."""

OTHER_WORDS = {
    **dict.fromkeys(("predict", "segment", "detect", "track", "play"), "run"),
    **dict.fromkeys(("check", "info", "diagnose", "backends", "engines", "devices"), "doctor"),
    **dict.fromkeys(("list", "networks", "ls"), "models"),
    **dict.fromkeys(("settings", "configure", "show"), "config"),
    **dict.fromkeys(("benchmark", "measure", "speed"), "bench"),
    **dict.fromkeys(("val", "validate", "eval", "score"), "evaluate"),
    **dict.fromkeys(("fit", "finetune", "fine-tune", "learn"), "train"),
    **dict.fromkeys(("convert", "download", "fetch", "save"), "export"),
    **dict.fromkeys(("fix", "mend"), "repair"),
    **dict.fromkeys(("site", "website", "browser", "phone"), "web"),
    **dict.fromkeys(("test", "prove"), "verify"),
    **dict.fromkeys(("int8", "quantisation", "quantization", "compress"), "quantise"),
    **dict.fromkeys(("camera", "webcam"), "--camera 0"),
    **dict.fromkeys(("demo", "example"), "--demo"),
    "version": "--version",
}
"""What other programs call a command."""

OTHER_FLAGS = {
    **dict.fromkeys(("-i", "--input", "--source", "--file", "--url", "--stream"), "--video"),
    **dict.fromkeys(("--images", "--picture", "--pictures", "--photo", "--folder", "--img"), "--image"),
    **dict.fromkeys(("--webcam", "--cam", "-c"), "--camera"),
    **dict.fromkeys(("-o", "--output", "--save", "--dest"), "--out"),
    **dict.fromkeys(("--engine", "--device", "--provider", "--gpu", "--cuda", "--cpu"), "--backend"),
    **dict.fromkeys(("-m", "--network", "--net", "--weights", "--checkpoint", "--onnx"), "--model"),
    **dict.fromkeys(("--color", "--colors", "--colour", "--colours", "--class", "--only"), "--paint"),
    **dict.fromkeys(("--names", "--labels"), "--classes"),
    **dict.fromkeys(("--bg", "--backdrop"), "--background"),
    **dict.fromkeys(("--opacity", "--transparency"), "--alpha"),
    **dict.fromkeys(("--csv", "--json", "--statistics", "--area", "--areas"), "--stats"),
    **dict.fromkeys(("--no-window", "--no-display", "--nogui", "--no-gui", "--no-show"), "--headless"),
    **dict.fromkeys(("--quality",), "--crf"),
    **dict.fromkeys(("--flip", "--selfie"), "--mirror"),
    **dict.fromkeys(("--skip", "--stride", "--step"), "--every"),
    **dict.fromkeys(("--from", "--ss", "-ss", "--begin"), "--start"),
    **dict.fromkeys(("--to", "--until", "--duration", "-t"), "--end"),
    **dict.fromkeys(("--jobs", "-j", "--cores"), "--threads"),
    **dict.fromkeys(("-v", "--verbose", "--traceback"), "--debug"),
    **dict.fromkeys(("--cameras", "--devices"), "--list-cameras"),
    **dict.fromkeys(("--imgsz", "--resolution", "--shape"), "--size"),
}
"""What other programs call a flag; asked only for flags that the command has."""

TRAINING_PACKAGES = frozenset({"torch", "torchvision", "timm", "matplotlib", "pycocotools"})
"""What only the extra `train` brings: `train` and `export` need it, a few flags of other commands do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C."""
    make_opencv_wait_less()
    make_opencv_silent()
    switch_off_telemetry()
    arguments = list(sys.argv[1:] if argv is None else argv)
    with lines_as_json(on=_wants_json(arguments)):
        return _main(arguments)


def _main(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    name = "run"
    try:
        with logged_lines():
            name, arguments = _command(arguments)
            command = importlib.import_module(f"deeplab_cv.commands.{name}")
            parser = build_parser(name, command.__doc__ or "")
            command.add_arguments(parser)
            parser.set_defaults(alone=not arguments)
            code = int(command.run(parser.parse(arguments)))
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
    except UserError as error:
        if debug:
            # Not left to Python, which would show the password of a URL with it.
            print_text(traceback.format_exc())
        print_line(f"error: {error}")
        return error.exit_code
    except ModuleNotFoundError as error:
        if debug or (error.name or "deeplab_cv").startswith("deeplab_cv"):
            raise
        from deeplab_cv.machine.installed import how_to_install

        remedy = how_to_install("train" if error.name in TRAINING_PACKAGES else "")
        print_line(f"error: {error.name} is not installed: {program()} {name}; {remedy}")
        return 1
    except BrokenPipeError:
        # Whoever read the output, such as `head`, has seen enough. What is still buffered would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        from deeplab_cv.machine.files import NO_SPACE

        if debug or (not error.filename and error.errno not in NO_SPACE):
            raise
        if error.errno in NO_SPACE:
            # What is copied is named before where it goes, and a library may name neither.
            place = error.filename2 or error.filename or f"{program()} {name}"
            print_line(f"error: the disk is full: {as_typed(place)}; free some space, or write to another disk")
            return 1
        # A name that no file can have, a folder that has gone, a disk that fails: no command foresees them all.
        print_line(
            f"error: the system refuses: {as_typed(error.filename)} ({error.strerror}); give another name or place"
        )
        return 1
    except KeyboardInterrupt:
        print_line(interrupts.stopped_by())
        return interrupts.EXIT_CODE


class CommandParser(argparse.ArgumentParser):
    """Says in one line what is wrong, with the nearest flag there is, in place of every flag."""

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._arguments: list[str] = []

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments' values. Raises UsageError."""
        self._arguments = list(arguments)
        return self.parse_args(self._arguments)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End after help and version, with all of it written, where a reader that has gone is still understood."""
        if sys.stdout is not None:
            sys.stdout.flush()
        super().exit(status, message)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. An unknown flag is named first: what argparse misses may only be misspelt."""
        known = self._option_string_actions
        for word in self._arguments:
            flag = word.partition("=")[0]
            if re.match(r"--?[a-zA-Z]", flag) and flag not in known:
                raise UsageError("unknown flag", flag, _nearest_flag(flag, known) or f"see {self.prog} --help")
        what, where, remedy = self._explained(message)
        raise UsageError(what, where, remedy)

    def _explained(self, message: str) -> tuple[str, str, str]:
        help_words = f"see {self.prog} --help"
        if found := re.match(r"the following arguments are required: (.*)", message):
            return "something is missing", found[1], help_words
        if found := re.match(r"one of the arguments (.*) is required", message):
            return "something is missing", found[1].replace(" ", " or "), "give one of them"
        if found := re.match(r"unrecognized arguments: (.*)", message):
            return "not understood", found[1], f"names with spaces stand in quotes; {help_words}"
        if found := re.match(r"argument ([^:]*): (.*)", message):
            return found[2], found[1].split(",")[-1].split("/")[-1].strip(), help_words
        return message, "the command line", help_words


def build_parser(name: str, description: str) -> CommandParser:
    """The parser of one command; the help of `run` lists all commands first.

    Args:
        name: the command.
        description: its examples begin with app.py, which is shown as the program was started.
    """
    prog = program()
    description = re.sub(r"(?<![\w./-])app\.py(?= )", prog, description)
    if name == "run":
        description = f"{description.rstrip()}\n\n{_list_of_commands(prog)}"
    parser = CommandParser(prog if name == "run" else f"{prog} {name}", description)
    if name == "run":
        # Of fifty flags none would be found in a line of all.
        parser.usage = f"{prog} [SOURCE] [FLAGS]   or   {prog} COMMAND [FLAGS]"
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument(
        "--log", choices=("text", "json"), default="text", help="lines as they are read, or each as a JSON object"
    )
    parser.add_argument("-V", "--version", action="version", version=f"deeplab-cv {VERSION}")
    return parser


def what_was_meant(word: str) -> str:
    """The nearest command to a word that is none, as a question; empty where none is near."""
    return did_you_mean(word, [*COMMANDS, *OTHER_SPELLINGS], OTHER_WORDS)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Asked before the arguments are understood, since what is wrong with them is a line as well."""
    return "--log=json" in arguments or any(pair == ("--log", "json") for pair in pairwise(arguments))


def _nearest_flag(flag: str, known: Collection[str]) -> str:
    there = {other: meant for other, meant in OTHER_FLAGS.items() if meant in known}
    return did_you_mean(flag.replace("_", "-"), known, there)


def _list_of_commands(prog: str) -> str:
    lines = "\n".join(f"  {word:<10} {text}" for word, text in COMMANDS.items())
    return f"commands:\n{lines}\n\n`{prog} COMMAND --help` shows a command's own flags."


def _command(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command that is named, and its arguments; `run` with all of them where the first word is none."""
    if arguments[:1] == ["--debug"] and arguments[1:]:
        name, others = _command(arguments[1:])
        return name, ["--debug", *others]
    first = arguments[0] if arguments else ""
    if first == "help":
        wanted = [word for word in arguments[1:] if not word.startswith("-")][:1]
        name, others = _command(wanted)
        if others:
            raise UsageError("no such command", wanted[0], what_was_meant(wanted[0]) or f"see {program()} --help")
        return name, ["--help"]
    first = OTHER_SPELLINGS.get(first, first)
    return (first, list(arguments[1:])) if first in COMMANDS else ("run", list(arguments))
