"""Words on the command line -> a command. Imports nothing heavy, so that --help is instant.

Each sub-command is a module of deeplab_cv.commands with `add_arguments(parser)` and `run(args) -> exit code`;
it is imported only when it is named. Without a sub-command the arguments are those of `run`.
"""

import argparse
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from deeplab_cv.errors import UserError
from deeplab_cv.terminal import logged_lines, print_line

COMMANDS = {
    "run": "segment a camera, a video or pictures (the default command)",
    "export": "turn a PyTorch network into a file this program runs",
    "verify": "prove that every engine gives a network's own answer",
    "repair": "mend an ONNX file from elsewhere and write its card",
    "optimise": "see what rewriting a network for speed brings on this machine",
    "quantise": "make an int8 form of a network with your own frames",
    "models": "list the networks that lie here, with accuracy and speed",
    "config": "print the settings that hold, and where each came from",
    "doctor": "prove every engine of this machine, and say why the others cannot be used",
    "train": "train a network on your own pictures",
    "bench": "measure this machine: engines, stages, the whole program, latency, memory, peers",
    "evaluate": "measure a network on pictures with masks, or its calm on a video",
}

WORKSHOP = frozenset({"export", "verify", "repair", "optimise", "quantise", "train"})
"""The commands that need requirements-train.txt."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "run"
    debug = "--debug" in arguments
    try:
        command = importlib.import_module(f"deeplab_cv.commands.{name}")
        parser = build_parser(name, command.__doc__ or "")
        command.add_arguments(parser)
        with logged_lines():
            return int(command.run(parser.parse_args(arguments)))
    except UserError as error:
        if debug:
            raise
        print_line(f"error: {error}")
        return error.exit_code
    except ModuleNotFoundError as error:
        if debug or (error.name or "deeplab_cv").startswith("deeplab_cv"):
            raise
        file = "requirements-train.txt" if name in WORKSHOP else "requirements.txt"
        print_line(f"error: {error.name} is not installed: app.py {name}; pip install -r {file}")
        return 1
    except KeyboardInterrupt:
        if debug:
            raise
        print_line("stopped by Ctrl-C")
        return 130


def entry() -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    code = main()
    if threading.active_count() > 1:
        # A thread sits in a driver or in an engine that is still loading. Taking the interpreter down round it ends in
        # a crash of the native library, so leave at once; every output is whole by now.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def build_parser(name: str, description: str) -> argparse.ArgumentParser:
    """The parser of one command, with the list of all commands under the help of `run`."""
    others = "\n".join(f"  {word:<10} {text}" for word, text in COMMANDS.items())
    epilog = f"commands:\n{others}\n\n`app.py COMMAND --help` tells more." if name == "run" else None
    parser = argparse.ArgumentParser(
        prog="app.py" if name == "run" else f"app.py {name}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser
