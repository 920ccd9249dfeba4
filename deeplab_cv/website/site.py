"""Writes the site: the page, the network with its golden samples, and ONNX Runtime Web."""

import base64
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from deeplab_cv.classes import default_colour, voc_palette
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash
from deeplab_cv.machine.folders import demo_clip, licence_files
from deeplab_cv.networks.golden import golden_picture, read_golden
from deeplab_cv.networks.network import Network
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import paint_for
from deeplab_cv.website.headers import ISOLATION
from deeplab_cv.website.icon import ICON_SIDES, draw_icon
from deeplab_cv.website.runtime import Runtime

PAGES = Path(__file__).parent / "pages"

_FACTS = "site.json"
_WORKER = "service-worker.js"
_HEADERS = "_headers"
"""Netlify and Cloudflare Pages read in it what they are to send, and hand it out to nobody."""

_SAMPLE_TIMES_S = (1.0, 4.5, 8.0)
"""Where in the project's own clip the sample pictures lie: each shows another scene."""

_FLOATS_START_AT = 4
"""Bytes: the golden scores start at a multiple of these in their file, so that they can be read where they lie."""


@dataclass(frozen=True)
class Site:
    """What was written.

    Attributes:
        folder: where.
        sizes: the input sizes that the page can take.
        bytes: all of it.
        first_visit_bytes: what is kept for offline use; the rest is WebGPU's runtime.
    """

    folder: Path
    sizes: tuple[Size, ...]
    bytes: int
    first_visit_bytes: int


def write_site(network: Network, runtime: Runtime, folder: Path) -> Site:
    """Write the whole site into a folder: a new one, an empty one, or one with an earlier site.

    Args:
        network: with card and golden scores, which the page proves each provider with.
        runtime: ONNX Runtime Web.
        folder: where. The files of an earlier site give way; what else lies beside them, such as CNAME or .git, stays,
            and so does what a host is to send.

    Raises:
        NetworkError: the network has no golden scores.
        UsageError: the folder holds something else.
        OSError: it cannot be written.
    """
    if network.card.golden is None or not network.verified:
        raise NetworkError(
            "the page proves the network with golden scores, and this one has none",
            network.named,
            "take a network of `export` or `repair`",
        )
    if folder.exists() and not (folder / _FACTS).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("this is no folder of an earlier site", folder, "name a new or an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        made = Path(unfinished)
        _write_all(network, runtime, made)
        whole = sum(path.stat().st_size for path in _files(made))
        for new in made.iterdir():
            old = folder / new.name
            if old.is_dir():
                shutil.rmtree(old)
            if new.name != _HEADERS or not old.exists():
                new.replace(old)
    on_demand = sum(file.stat().st_size for file in runtime.files_on_demand)
    return Site(folder, tuple(network.card.input_sizes), whole, whole - on_demand)


def _write_all(network: Network, runtime: Runtime, folder: Path) -> None:
    for page in PAGES.iterdir():
        if page.suffix != ".ts":
            _copy(page, folder / page.name)
    for file in (*runtime.files, *runtime.files_on_demand):
        _copy(file, folder / "runtime" / file.name)
    for side in ICON_SIDES:
        cv2.imwrite(str(folder / f"icon-{side}.png"), draw_icon(side))
    _write_json(folder / "manifest.webmanifest", _manifest())
    (folder / "licences.txt").write_text(_licences(runtime), encoding="utf-8")
    facts = {**_network_facts(network), **_written_network(network, folder), "samples": _write_samples(folder)}
    _write_json(folder / _FACTS, facts)
    on_demand = {folder / "runtime" / file.name for file in runtime.files_on_demand}
    _write_worker(folder, [path for path in _files(folder) if path not in on_demand and path.name != _WORKER])
    (folder / _HEADERS).write_text("/*\n" + "".join(f"  {name}: {value}\n" for name, value in ISOLATION.items()))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _manifest() -> dict[str, Any]:
    return {
        "name": "DeepLabV3",
        "short_name": "DeepLabV3",
        "start_url": "./",
        "display": "standalone",
        "background_color": "#15181c",
        "theme_color": "#15181c",
        "icons": [{"src": f"icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png"} for side in ICON_SIDES],
    }


def _network_facts(network: Network) -> dict[str, Any]:
    """What the page must know of a network; pages/types.d.ts describes it as `Facts`."""
    card = network.card
    return {
        "name": card.name,
        "classes": card.classes,
        "palette": [default_colour(name) if label else voc_palette()[0] for label, name in enumerate(card.classes)],
        "paint": paint_for(PictureOptions(), card.classes),
        "input": {
            "name": card.input.name,
            "order": card.input.order,
            "mean": card.input.mean,
            "std": card.input.std,
            "padding": card.input.padding,
            "fit": card.input.fit,
        },
        "output": {"name": card.output.name, "alignCorners": card.output.align_corners},
        "dimensions": _dimensions(network),
    }


def _dimensions(network: Network) -> dict[str, str] | None:
    """The names of the input's height and width, which the page fixes when it loads the network."""
    import onnx

    graph = onnx.load(str(network.file), load_external_data=False).graph
    wanted = next(value for value in graph.input if value.name == network.card.input.name)
    height, width = wanted.type.tensor_type.shape.dim[2:]
    return {"height": height.dim_param, "width": width.dim_param} if network.symbolic else None


def _written_network(network: Network, folder: Path) -> dict[str, Any]:
    """Copy the network's files, and write a golden sample for each input size."""
    card = network.card
    assert card.golden is not None  # write_site has asked
    files = [(network.file, card.precision, card.golden.tolerance[card.precision])]
    for variant in card.variants:
        path = network.file.with_name(variant.file)
        if variant.precision == "int8" and variant.tolerance is not None and path.is_file():
            if file_hash(path) != variant.sha256:
                raise NetworkError("a variant named on the card is changed", path, "fetch it again")
            files.append((path, variant.precision, variant.tolerance))
    for path, *_ in files:
        _copy(path, folder / "network" / path.name)
    sizes = []
    for size in card.input_sizes:
        golden = read_golden(card, network.file.parent, size)
        if golden is None:
            continue
        name = f"network/golden-{size}.bin"
        picture = golden_picture(card.golden.seed, size).tobytes()
        padding = bytes(-len(picture) % _FLOATS_START_AT)
        (folder / name).write_bytes(picture + padding + golden.scores.astype("<f4").tobytes())
        sizes.append({"width": size.width, "height": size.height, "golden": name})
    listed = [
        {"file": f"network/{path.name}", "precision": precision, "tolerance": tolerance}
        for path, precision, tolerance in files
    ]
    return {"files": listed, "sizes": sizes}


def _write_samples(folder: Path) -> list[str]:
    """Pictures to try the page with, of the project's own clip."""
    clip = cv2.VideoCapture(str(demo_clip()))
    names = []
    for number, time_s in enumerate(_SAMPLE_TIMES_S, 1):
        clip.set(cv2.CAP_PROP_POS_MSEC, 1000 * time_s)
        there, frame = clip.read()
        if there:
            names.append(f"sample-{number}.jpg")
            cv2.imwrite(str(folder / names[-1]), np.asarray(frame), [cv2.IMWRITE_JPEG_QUALITY, 90])
    clip.release()
    return names


def _licences(runtime: Runtime) -> str:
    own = [path.read_text(encoding="utf-8") for path in licence_files()]
    return ("\n\n" + "-" * 80 + "\n\n").join([*own, *runtime.licences])


def _write_worker(folder: Path, kept: Sequence[Path]) -> None:
    """Give the service worker the hashes of its files, and a version that changes with each of them."""
    hashes = {path.relative_to(folder).as_posix(): _integrity(path) for path in kept}
    version = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()[:16]
    # Some hosts write scripts of their own into a page, which its policy keeps from running: it may read otherwise.
    hashes |= {"./": "", "index.html": ""}
    script = (PAGES / _WORKER).read_text(encoding="utf-8")
    for blank, value in (('"unbuilt"', version), ("{}", hashes)):
        before, found, after = script.partition(f"= {blank};")
        if not found:
            raise AssertionError(f"{_WORKER} has no place for what takes the place of {blank}")
        script = f"{before}= {json.dumps(value)};{after}"
    (folder / _WORKER).write_text(script, encoding="utf-8")


def _integrity(path: Path) -> str:
    """A file's hash as browsers read it."""
    return "sha256-" + base64.b64encode(bytes.fromhex(file_hash(path))).decode()
