"""Masks that the program draws itself: palette PNGs that say from what they were made."""

import hashlib
import json
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from deeplab_cv.classes import voc_palette
from deeplab_cv.machine.files import whole_file
from deeplab_cv.tools.data.records import Mask

_KEYWORD = "made-from"
"""Of the PNG's text that holds what the mask was made from."""


def origin_of(*parts: object) -> str:
    """A few hex digits that change with what a mask is made from: texts, numbers, bytes, and lists of them."""
    digest = hashlib.sha256()
    for part in parts:
        piece = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode()
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()[:32]


def is_made_from(path: Path, origin: str) -> bool:
    """Whether a mask lies there that was made from just this."""
    try:
        with Image.open(path) as image:
            return bool(image.info.get(_KEYWORD) == origin)
    except (OSError, SyntaxError, ValueError):
        return False


def save_mask(path: Path, mask: Mask, origin: str) -> None:
    """Write a mask as a palette PNG in VOC's colours; a file of the final name is always whole.

    Args:
        path: of the file; its folder is made.
        mask: uint8 (H, W).
        origin: what it was made from, see `origin_of`.
    """
    image = Image.fromarray(mask)
    image.putpalette([value for colour in voc_palette() for value in colour])
    note = PngInfo()
    note.add_text(_KEYWORD, origin)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        image.save(temporary, format="png", pnginfo=note)
