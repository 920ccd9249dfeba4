"""Who may import what (CONTRIBUTING.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "deeplab_cv"

ROOMS = {
    "onnxruntime": ("engines", "tools", "pytorch"),
    "openvino": ("engines", "tools", "pytorch"),
    "av": ("sources", "sinks", "bench"),
    "torch": ("pytorch", "tools"),
    "torchvision": ("pytorch",),
    "timm": ("pytorch",),
}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(("package", "rooms"), ROOMS.items())
def test_a_heavy_package_is_imported_only_in_its_rooms(package, rooms):
    strangers = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in rooms and package in imported(path)
    ]

    assert strangers == []


def test_help_imports_no_heavy_package():
    code = (
        "import sys\n"
        "from deeplab_cv.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {['numpy', 'cv2', 'rich', 'onnx', *ROOMS]} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)

    assert done.stderr.strip() == "[]"
    assert "--video" in done.stdout
