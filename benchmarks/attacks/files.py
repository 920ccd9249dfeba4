"""Hostile files: pictures, videos and their tags, data sets."""

import functools
import os
import random
import struct
import tempfile
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.attacks.tries import Try

_PICTURES = (".png", ".jpg", ".webp", ".tif", ".bmp", ".gif", ".avif")
_VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".gif", ".flv")
_CODECS = {".webm": "libvpx-vp9", ".avi": "mpeg4", ".gif": "gif", ".flv": "flv"}
_LARGEST = 200_000_000
"""Pixels that a picture's header may claim before it is a bomb; beyond twice that it must be refused."""


def picture_bytes(numbers: random.Random, ending: str) -> bytes:
    """A picture of noise."""
    return _picture(numbers.randrange(8), ending.lower())


@functools.lru_cache(maxsize=128)
def _picture(seed: int, ending: str) -> bytes:
    import cv2
    from PIL import Image

    image = np.random.default_rng(seed).integers(0, 255, (40 + seed, 64, 3), dtype=np.uint8)
    if ending in (".gif", ".avif"):
        with tempfile.NamedTemporaryFile(suffix=ending) as file:
            Image.fromarray(image).save(file.name)
            return Path(file.name).read_bytes()
    return cv2.imencode(ending, image)[1].tobytes()


@functools.lru_cache(maxsize=32)
def _video(ending: str, sound: bool) -> bytes:
    import av

    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / f"v{ending}"
        with av.open(str(file), "w") as container:
            stream = container.add_stream(_CODECS.get(ending, "libx264"), rate=10)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "rgb8" if ending == ".gif" else "yuv420p"
            track = (
                container.add_stream("libopus" if ending == ".webm" else "mp3", rate=48000)
                if sound and ending != ".gif"
                else None
            )
            for number in range(12):
                image = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(image, "bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 10)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if track is not None:
                silence = av.AudioFrame.from_ndarray(np.zeros((2, 48000), np.float32), "fltp", "stereo")
                silence.rate = 48000
                container.mux(track.encode(silence))
                container.mux(track.encode(None))
        return file.read_bytes()


def mutated(numbers: random.Random, data: bytes) -> bytes:
    """The data with a few bytes, runs or numbers changed, cut off, doubled or exchanged."""
    changed = bytearray(data)
    for _ in range(numbers.choice((1, 2, 4, 16))):
        at = numbers.randrange(max(1, len(changed)))
        near = numbers.randrange(min(len(changed), 512) or 1)
        at = numbers.choice((at, near))
        change = numbers.randrange(6)
        if change == 0:
            changed[at : at + 1] = bytes([numbers.randrange(256)])
        elif change == 1:
            changed[at : at + 4] = struct.pack(">I", numbers.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 65535)))
        elif change == 2:
            del changed[at : at + numbers.choice((1, 16, 1000))]
        elif change == 3:
            changed[at:at] = changed[at : at + numbers.choice((4, 64))]
        elif change == 4:
            changed[at : at + 32] = numbers.randbytes(32)
        elif numbers.random() < 0.3:
            del changed[at:]
    return bytes(changed)


def picture(numbers: random.Random, folder: Path) -> Try:
    """A picture that is damaged, or whose header claims a size of its own."""
    ending = numbers.choice(_PICTURES)
    data = picture_bytes(numbers, ending)
    bomb = False
    if ending == ".png" and numbers.random() < 0.4:
        width, height = numbers.choice(
            ((65535, 65535), (1, 2**31 - 1), (30000, 30000), (2**31 - 1, 2**31 - 1), (0, 5), (1, 1))
        )
        bomb = width * height > 2 * _LARGEST
        data = _png(width, height)
    elif numbers.random() < 0.95:
        data = mutated(numbers, data)
    else:
        data = numbers.randbytes(numbers.choice((0, 1, 300)))
    (folder / f"in{ending}").write_bytes(data)
    return Try(_run("--image", f"in{ending}", "--out", "out.png"), codes=(1,) if bomb else (0, 1, 2))


def video(numbers: random.Random, folder: Path) -> Try:
    """A damaged video."""
    ending = numbers.choice(_VIDEOS)
    (folder / f"in{ending}").write_bytes(mutated(numbers, _video(ending, numbers.random() < 0.5)))
    output = numbers.choice((("--stats", "a.csv"), ("--out", "out.mp4"), ("--out", "out.mkv")))
    return Try(_run("--video", f"in{ending}", *output))


def tag(numbers: random.Random, folder: Path) -> Try:
    """A whole video whose tags are any bytes; it has to be segmented whole."""
    ending = numbers.choice((".mp4", ".mov", ".mkv", ".avi"))
    import av

    (folder / "plain").write_bytes(_video(".avi" if ending == ".avi" else ".mp4", True))
    marks = [f"mark{number}mark" * 4 for number in range(3)]
    # Matroska has a checksum over its tags.
    options = {"write_crc32": "0"} if ending == ".mkv" else {}
    with av.open("plain") as source, av.open(f"in{ending}", "w", container_options=options) as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        target.metadata.update(zip(("title", "artist", "comment"), marks, strict=True))
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    data = Path(f"in{ending}").read_bytes()
    for mark in marks:
        odd = numbers.choice(
            (numbers.randbytes(len(mark)), b"caf\xe9".ljust(len(mark), b"\xff"), b"\x1b[31m".ljust(len(mark), b"\n"))
        )
        data = data.replace(mark.encode(), odd)
    Path(f"in{ending}").write_bytes(data)
    output = numbers.choice((("--stats", "a.csv"), ("--out", f"out{numbers.choice(('.mp4', '.mkv', '.webm'))}")))
    return Try(_run("--video", f"in{ending}", *output), codes=(0,))


def data_set(numbers: random.Random, folder: Path) -> Try:
    """A folder of pictures with masks of which something is odd."""
    from PIL import Image

    root = folder / "data"
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / part).mkdir(parents=True)
    for stem in ("a", "b"):
        (root / "JPEGImages" / f"{stem}.jpg").write_bytes(picture_bytes(random.Random(1), ".jpg"))
        mask = np.random.default_rng(1).integers(0, 21, (41, 64), dtype=np.uint8)
        image = Image.fromarray(mask)
        image.putpalette(list(range(256)) * 3)
        image.save(root / "SegmentationClass" / f"{stem}.png")
    (root / "ImageSets/Segmentation/val.txt").write_text("a\nb\n")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    victim = numbers.choice(files)
    harm = numbers.randrange(5)
    if harm == 0:
        victim.unlink()
    elif harm == 1:
        victim.write_bytes(numbers.randbytes(numbers.choice((0, 1, 200))))
    elif harm == 2 and victim.suffix == ".txt":
        victim.write_text(numbers.choice(("../../a\n", "\n\n", "a\na\n", "a b c\n", "\x00\n", "no-such\n", "a" * 5000)))
    elif harm == 3:
        victim.unlink()
        victim.mkdir()
    else:
        victim.write_bytes(mutated(numbers, victim.read_bytes()))
    return Try(["evaluate", os.environ["ATTACK_NETWORK"], "--data", "data", "--backend", "opencv:cpu"])


def _run(*words: str) -> list[str]:
    return [*words, "--headless", "--backend", "opencv:cpu", "--model", os.environ["ATTACK_NETWORK"]]


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )
