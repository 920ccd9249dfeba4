"""Where the program's own files lie, beside its code."""

import importlib.metadata
from pathlib import Path

from deeplab_cv.machine.cache import cache_folder

_PACKAGE = Path(__file__).parents[1]


def cloned() -> bool:
    """Whether the program runs from a clone of its repository; else it was installed as a package."""
    return (_PACKAGE.parent / "app.py").exists()


def _shipped(name: str) -> Path:
    """A folder of the clone, or the copy that an installed package carries."""
    return _PACKAGE.parent / name if cloned() else _PACKAGE / name


def models_folder() -> Path:
    """Where the default network lies."""
    return _shipped("models")


def own_models_folder() -> Path:
    """Where networks made here go: models/ of a clone, else the user's cache, which an update of the package spares."""
    return models_folder() if cloned() else cache_folder("models")


def demo_clip() -> Path:
    """The clip the project owns."""
    return _shipped("samples") / "demo.mp4"


def config_file() -> Path | None:
    """config.yaml of the clone; None for an installed package, whose defaults are the same."""
    path = _PACKAGE.parent / "config.yaml"
    return path if path.exists() and cloned() else None


def licence_files() -> list[Path]:
    """The terms of the program and of its default network, as far as they lie here."""
    if cloned():
        return [path for path in (_PACKAGE.parent / "LICENSE", models_folder() / "NOTICE") if path.is_file()]
    files = importlib.metadata.files("deeplab-cv") or []
    return [Path(str(file.locate())) for file in files if "licenses" in file.parts and "Apache" not in file.name]
