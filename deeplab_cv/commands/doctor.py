"""Proves every engine and device of this machine with the network, and says why the others cannot be used.

app.py doctor
app.py doctor --model mine.onnx
"""

import argparse

from deeplab_cv.machine import folders
from deeplab_cv.settings import add_settings_arguments, load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags that name a network and an engine."""
    add_settings_arguments(parser, only=("network", "engine"))


def run(args: argparse.Namespace) -> int:
    """Print what is installed and what works; 0 if at least one engine is proven right, else 1."""
    settings = load_settings(args, folders.config_file()).settings

    from deeplab_cv.progress import slow_lines
    from deeplab_cv.tools.examination import examine

    return 0 if examine(settings.network, settings.engine, report=slow_lines()) else 1
