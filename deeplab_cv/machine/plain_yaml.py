"""YAML files that may come from anybody: read without what lets a short file become a large one."""

from pathlib import Path
from typing import Any

import yaml

from deeplab_cv.machine.files import read_ordinary

LARGEST = 100_000
"""Bytes of a file. The default network's card has 3,000."""

DEEPEST = 20
"""Lists and mappings within each other."""


class _PlainLoader(yaml.SafeLoader):
    """Refuses aliases, of which nine levels stand for ten billion values, and what is nested too deep."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases such as *name are not taken: write the value itself")
        if self.depth >= DEEPEST:
            raise yaml.YAMLError(f"nested deeper than {DEEPEST} levels")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def read_plain_yaml(path: Path) -> Any:
    """The value that a YAML file holds.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no ordinary file, too large, or no plain YAML; the reason is one line.
    """
    text = read_ordinary(path, most=LARGEST).decode("utf-8")
    try:
        return yaml.load(text, Loader=_PlainLoader)
    except Exception as error:  # a number, date or tag that is none ends in whatever Python says of it
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            reason if isinstance(error, yaml.YAMLError) else f"a value cannot be read: {reason}"
        ) from error
