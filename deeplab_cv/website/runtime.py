"""ONNX Runtime Web, fetched once by npm in the pinned version and kept in the user's cache."""

import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deeplab_cv.errors import UsageError, UserError
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.machine.files import whole_file

PINNED = Path(__file__).parent / "npm"
"""package.json and package-lock.json."""

_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_FILES_ON_DEMAND = (
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
_PACKED = ".packed"
"""The page unpacks it (gzip), so that no host has to compress it. Some hosts decode what is named .gz on the way."""


@dataclass(frozen=True)
class Runtime:
    """ONNX Runtime Web on this machine.

    Attributes:
        files: what every visitor loads.
        files_on_demand: what a browser with WebGPU loads besides.
        licences: a text for each npm package.
    """

    files: tuple[Path, ...]
    files_on_demand: tuple[Path, ...]
    licences: tuple[str, ...]


def pinned_runtime() -> Runtime:
    """ONNX Runtime Web from the cache; the first time npm fetches it.

    Raises UserError: npm is missing, or could not fetch it.
    """
    modules = _installed()
    scripts = modules / "onnxruntime-web" / "dist"
    return Runtime(
        tuple(_packed(scripts / name) for name in _FILES),
        tuple(_packed(scripts / name) for name in _FILES_ON_DEMAND),
        tuple(_licences(modules)),
    )


def _installed() -> Path:
    """The folder node_modules of the pinned versions."""
    lock = (PINNED / "package-lock.json").read_bytes()
    name = hashlib.sha256(lock).hexdigest()[:16]
    kept = cache_folder("website")
    modules = kept / name / "node_modules"
    if all((modules / "onnxruntime-web" / "dist" / file).is_file() for file in (*_FILES, *_FILES_ON_DEMAND)):
        return modules
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError(
            "npm fetches ONNX Runtime Web, and is missing",
            "the first `web` on this machine",
            "install Node.js (nodejs.org, or `apt install npm`); the site that is made needs neither",
        )
    with TemporaryDirectory(dir=kept) as temporary:
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(PINNED / file, Path(temporary) / file)
        # Left to itself npm keeps packages and logs in the user's home, and asks for a newer npm.
        own = ["--cache", str(Path(temporary) / "npm"), "--logs-max=0", "--no-update-notifier"]
        command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", *own]
        done = subprocess.run(command, cwd=temporary, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
            raise UserError("npm could not fetch ONNX Runtime Web", lines[0], "look at the network, and try again")
        shutil.rmtree(kept / name, ignore_errors=True)
        (Path(temporary) / "node_modules").rename(_made(kept / name) / "node_modules")
    return modules


def _packed(file: Path) -> Path:
    """The file as the site carries it: WebAssembly is compressed once, beside it; scripts stay as they are."""
    packed = file.with_name(file.name + _PACKED)
    if file.suffix != ".wasm":
        return file
    if not packed.is_file():
        with whole_file(packed) as whole:
            # Without the time, so that the same runtime makes the same site.
            whole.write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    return packed


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _licences(modules: Path) -> Iterator[str]:
    """Name, version, licence and its text of each package."""
    for manifest in sorted([*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]):
        facts = json.loads(manifest.read_text(encoding="utf-8"))
        texts = sorted(manifest.parent.glob("LICENSE*"))
        author = facts.get("author", "")
        author = author.get("name", "") if isinstance(author, dict) else author
        title = f"{facts['name']} {facts['version']} ({facts.get('license', 'licence unknown')}) {author}".rstrip()
        yield "\n\n".join([title, *(path.read_text(encoding="utf-8").strip() for path in texts[:1])])
