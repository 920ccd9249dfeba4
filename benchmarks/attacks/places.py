"""Broken places: caches that are damaged, forbidden, full or a file."""

import os
import random
import shutil
from pathlib import Path

from benchmarks.attacks.files import picture_bytes
from benchmarks.attacks.tries import Try


def cache(numbers: random.Random, folder: Path) -> Try:
    """A cache in which one to three files or folders are not what they were; the run must do its work."""
    good = Path(os.environ["ATTACK_CACHE"])
    place = folder / "cache"
    shutil.copytree(good, place)
    os.environ["XDG_CACHE_HOME"] = str(place)
    (folder / "in.png").write_bytes(picture_bytes(numbers, ".png"))
    for _ in range(numbers.randint(1, 3)):
        entries = sorted(path for path in place.rglob("*"))
        if not entries:
            break
        _harm(numbers, numbers.choice(entries))
    backend = numbers.choice(("auto", "auto", "opencv:cpu", "openvino:cpu", "onnxruntime:cpu"))
    return Try(
        [
            "--image",
            "in.png",
            "--headless",
            "--out",
            "out.png",
            "--backend",
            backend,
            "--model",
            os.environ["ATTACK_NETWORK"],
        ],
        codes=(0,),
    )


def _harm(numbers: random.Random, path: Path) -> None:
    harm = numbers.randrange(6)
    if path.is_dir():
        shutil.rmtree(path)
        if harm == 0:
            path.write_text("a file in place of a folder")
        elif harm == 1:
            path.symlink_to(path)
        return
    data = path.read_bytes() if path.is_file() else b""
    path.unlink(missing_ok=True)
    if harm == 0:
        path.write_bytes(b"")
    elif harm == 1:
        path.write_bytes(data[: len(data) // 2])
    elif harm == 2:
        path.write_bytes(numbers.randbytes(len(data)))
    elif harm == 3:
        path.mkdir()
    elif harm == 4:
        path.symlink_to("nowhere")
    else:
        path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
