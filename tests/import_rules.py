"""Who may import what in a package of this layout, as tables, and what a given folder breaks of them."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

BASE = ("version", "errors", "classes", "options", "machine")
"""What every room may use."""

ROOMS = (
    "frames",
    "sources",
    "networks",
    "engines",
    "segmentation",
    "overlay",
    "sinks",
    "events",
    "jobs",
    "controls",
    "viewer",
    "page",
    "batch",
    "result",
    "api",
)
"""The way of a frame: each room imports itself, those before it and BASE."""

OTHERS = {
    "version": (),
    "errors": (),
    "classes": ("errors",),
    "options": ("errors",),
    "machine": ("errors",),
    "terminal": BASE,
    "progress": BASE,
    "settings": (*BASE, *ROOMS),
    "settings_in_use": (*BASE, *ROOMS, "settings"),
    "start": (*BASE, *ROOMS, "settings", "start_outputs"),
    "start_outputs": (*BASE, *ROOMS, "settings"),
    "start_several": (*BASE, *ROOMS, "settings", "start", "start_outputs"),
    "website": (*BASE, "frames", "networks", "overlay"),
    "tools": (*BASE, *ROOMS, "terminal"),
    "pytorch": (*BASE, *ROOMS, "terminal", "progress", "tools"),
    "bench": (*BASE, *ROOMS, "terminal", "progress", "tools", "start", "settings"),
    "commands": (
        *BASE,
        *ROOMS,
        "terminal",
        "progress",
        "tools",
        "pytorch",
        "bench",
        "website",
        "start",
        "start_several",
        "settings",
        "settings_in_use",
        "cli",
    ),
    "cli": (*BASE, "commands", "settings", "terminal"),
    "__init__": ("api", "errors", "result", "version"),
    "__main__": (*BASE, "cli"),
}
"""What stands beside the list: what each may import besides itself."""

ONLY = {
    "deeplab_cv.settings": (
        "*/opening.py",
        "settings_in_use.py",
        "start.py",
        "start_outputs.py",
        "start_several.py",
        "commands/*",
        "cli.py",
        "bench/instruments/program.py",
    ),
    "deeplab_cv.viewer": ("start.py", "start_several.py", "api.py", "commands/*"),
    "deeplab_cv.page": ("start.py", "start_several.py", "api.py", "commands/*", "settings.py"),
    "torch": ("pytorch/*",),
    "torchvision": ("pytorch/*",),
    "timm": ("pytorch/*",),
    "av": ("sources/*", "sinks/*", "bench/*"),
    "onnxruntime": ("engines/*", "tools/*", "pytorch/*"),
    "openvino": ("engines/*", "tools/*", "pytorch/*"),
    "pyvirtualcam": ("sinks/virtual_camera.py",),
    "starlette": ("page/*", "website/serving.py"),
    "uvicorn": ("page/*", "website/serving.py"),
    "ray": ("batch/on_ray.py",),
    "pyarrow": ("batch/tables.py",),
    "fsspec": ("batch/remote.py",),
}
"""A package, and the only files that may import it besides its own; `*` stands for anything, folders too."""

HEAVY = (
    "cv2",
    "numpy",
    "av",
    "onnxruntime",
    "openvino",
    "onnx",
    "torch",
    "rich",
    "yaml",
    "starlette",
    "uvicorn",
    "ray",
    "pyarrow",
    "fsspec",
)
"""What neither `import deeplab_cv` nor `app.py --help` waits for."""


def broken_rules(package: Path) -> list[str]:
    """Every import of the package's modules that a rule forbids, as "FILE imports MODULE", sorted."""
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    homeless = [f"{file} lies in no room of the tables" for file in files if _room(file) not in (*ROOMS, *OTHERS)]
    broken = [
        f"{file} imports {module}"
        for file, path in files.items()
        for module in set(_imported(path, package))
        if _against_the_order(file, module) or _in_the_wrong_file(file, module)
    ]
    return sorted(homeless + broken)


def circle(package: Path) -> list[str]:
    """Modules that import each other in a circle, wherever in their files they do; none where there is none."""
    modules = {_module_name(path, package): path for path in package.rglob("*.py")}
    imports = {
        name: {found for full in _imported(path, package) if (found := _module_of(full, modules)) not in (None, name)}
        for name, path in modules.items()
    }
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _module_name(path: Path, package: Path) -> str:
    return ".".join([package.name, *path.relative_to(package).with_suffix("").parts]).removesuffix(".__init__")


def _module_of(full: str, modules: dict[str, Path]) -> str | None:
    """The module that a full name is, or is of; None for another package's."""
    parent = full.rpartition(".")[0]
    return full if full in modules else parent if parent in modules else None


def _imported(path: Path, package: Path) -> Iterator[str]:
    """Full names of all that a file imports, at its top, inside functions, for type checking, or by import_module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = [package.name, *path.relative_to(package).parts][:-level] if level else []
                parts = [*base, *([module] if module else [])]
                # What `from deeplab_cv import settings` names is a module, and any other name is none's.
                yield from (".".join([*parts, alias.name]) for alias in names)
            case ast.Call(func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"), args=[name, *_]):
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield name.value
            case _:
                pass


def _room(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def _against_the_order(file: str, module: str) -> bool:
    room, (package, imported, *_) = _room(file), [*module.split("."), "", ""]
    if package != "deeplab_cv" or room not in (*ROOMS, *OTHERS):
        return False
    allowed = OTHERS[room] if room in OTHERS else (*BASE, *ROOMS[: ROOMS.index(room)])
    # An opening.py makes a room's objects out of the settings.
    if imported == "settings" and file.endswith("/opening.py"):
        return False
    return imported in (*ROOMS, *OTHERS) and imported not in (room, *allowed)


def _in_the_wrong_file(file: str, module: str) -> bool:
    for name, files in ONLY.items():
        if module == name or module.startswith(f"{name}."):
            own = name.startswith("deeplab_cv.") and _room(file) == name.partition(".")[2]
            return not own and not any(fnmatch(file, pattern) for pattern in files)
    return False
