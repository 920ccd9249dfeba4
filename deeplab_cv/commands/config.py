"""Prints the settings that hold, and where each came from.

app.py config --style outline
app.py config --default > config.yaml
"""

import argparse

from deeplab_cv.machine import folders
from deeplab_cv.settings import add_settings_arguments, by_name, config_text, load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings' own flags, so that a command line can be tried out here."""
    parser.add_argument("--default", action="store_true", help="print config.yaml as it comes with the program")
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print each setting with its value and origin."""
    if args.default:
        print(config_text(), end="")
        return 0
    loaded = load_settings(args, folders.config_file())
    for key, value in by_name(loaded.settings).items():
        print(f"{key:<14} {_text(value):<40} {loaded.origins[key]}")
    return 0


def _text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join("{}=#{:02x}{:02x}{:02x}".format(name, *colour) for name, colour in value.items())
    return "-" if value is None else str(value)
