"""Prints the settings that differ from the program's own, and where each came from; --all prints the others too.

app.py config --style outline
app.py config --all
app.py config --default > config.yaml
"""

import argparse

from deeplab_cv.errors import as_typed
from deeplab_cv.machine import folders
from deeplab_cv.machine.program import program
from deeplab_cv.machine.urls import HIDDEN, hide_secrets
from deeplab_cv.settings import Settings, add_settings_arguments, by_name, config_text, load_settings
from deeplab_cv.terminal import one_line

_SECRET = ("serve_token", "serve_view_token")
"""Settings whose values open something."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings' own flags, so that a command line can be tried out here."""
    parser.add_argument("--all", action="store_true", help="print every setting, those that nobody changed too")
    parser.add_argument("--default", action="store_true", help="print config.yaml as it comes with the program")
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print each setting that is wanted with its value and origin."""
    if args.default:
        print(config_text(), end="")
        return 0
    loaded = load_settings(args, folders.config_file())
    usual = by_name(Settings())
    values = by_name(loaded.settings)
    wanted = [key for key, value in values.items() if args.all or value != usual[key]]
    for key in wanted:
        text = HIDDEN if key in _SECRET and values[key] is not None else _text(values[key])
        print(one_line(hide_secrets(f"{key:<14} {text:<40} {loaded.origins[key]}")))
    if not wanted:
        print(f"every setting is the program's own; `{program()} config --all` lists them")
    return 0


def _text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join("{}=#{:02x}{:02x}{:02x}".format(name, *colour) for name, colour in value.items())
    if isinstance(value, tuple):
        return " ".join(map(as_typed, value))
    return "-" if value is None else as_typed(value)
