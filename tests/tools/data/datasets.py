"""Tiny data sets made on the spot: a coloured box on grey, its mask, in the layouts people have."""

import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.tiny_networks import DOG, PERSON

RED, GREEN = (0, 0, 255), (0, 255, 0)


def picture_and_mask(number: int, class_count: int) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture (48, 64, 3) with a box whose colour tells its label, and the mask."""
    random = np.random.default_rng(number)
    label = 1 + number % (class_count - 1)
    picture = np.full((48, 64, 3), 120, np.uint8)
    mask = np.zeros((48, 64), np.uint8)
    left, top = random.integers(0, 24, 2)
    picture[top : top + 24, left : left + 32] = (255, 60 * label, 0)
    mask[top : top + 24, left : left + 32] = label
    return picture, mask


def png_bytes(mask: np.ndarray) -> bytes:
    """A mask as a palette PNG."""
    image = Image.fromarray(mask)
    image.putpalette([value for label in range(256) for value in (label, 255 - label, 0)])
    buffer = BytesIO()
    image.save(buffer, format="png")
    return buffer.getvalue()


def write_voc(folder: Path, train: int, val: int, class_count: int = 3) -> Path:
    """A data set in VOC layout with `train` and `val` pictures."""
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / part).mkdir(parents=True)
    for number in range(train + val):
        picture, mask = picture_and_mask(number, class_count)
        cv2.imwrite(str(folder / "JPEGImages" / f"p{number}.jpg"), picture[..., ::-1])
        (folder / "SegmentationClass" / f"p{number}.png").write_bytes(png_bytes(mask))
    for name, numbers in (("train", range(train)), ("val", range(train, train + val))):
        lines = "".join(f"p{number}\n" for number in numbers)
        (folder / "ImageSets" / "Segmentation" / f"{name}.txt").write_text(lines, encoding="utf-8")
    return folder


def write_shard(path: Path, members: dict[str, bytes]) -> None:
    """A tar archive of the given files."""
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))


def webp_bytes(picture: np.ndarray) -> bytes:
    """An RGB picture as WebP without loss."""
    return cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()


def write_boxes(folder: Path) -> Path:
    """Three pictures: a red box rightly called a person, a green one called a dog, a red one wrongly called a dog."""
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / part).mkdir(parents=True)
    cases = {"person": (RED, PERSON, (96, 128)), "dog": (GREEN, DOG, (80, 144)), "lie": (RED, DOG, (96, 128))}
    for name, (colour, label, shape) in cases.items():
        picture, mask = np.full((*shape, 3), 120, np.uint8), np.zeros(shape, np.uint8)
        picture[16:64, 32:96], mask[16:64, 32:96] = colour, label
        cv2.imwrite(str(folder / "JPEGImages" / f"{name}.png"), picture)
        (folder / "SegmentationClass" / f"{name}.png").write_bytes(png_bytes(mask))
    (folder / "ImageSets/Segmentation/val.txt").write_text("person\ndog\n", encoding="utf-8")
    (folder / "ImageSets/Segmentation/all.txt").write_text("person\nlie\ndog\n", encoding="utf-8")
    (folder / "ImageSets/Segmentation/empty.txt").write_text("", encoding="utf-8")
    return folder


def write_walk(folder: Path, labels: Sequence[int], step: int = 8) -> Path:
    """A green box that walks to the right by `step` pixels a frame, as the list `walk`; its label in each mask."""
    members = {}
    for number, label in enumerate(labels):
        left = 16 + step * number
        picture, mask = np.full((80, 144, 3), 120, np.uint8), np.zeros((80, 144), np.uint8)
        picture[16:64, left : left + 48], mask[16:64, left : left + 48] = GREEN, label
        members[f"box_{number:05}.webp"] = webp_bytes(picture[..., ::-1])
        members[f"box_{number:05}.png"] = png_bytes(mask)
    folder.mkdir(parents=True)
    write_shard(folder / "walk-00.tar", members)
    return folder
