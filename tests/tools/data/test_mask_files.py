from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_cv.classes import voc_palette
from deeplab_cv.tools.data.mask_files import is_made_from, origin_of, save_mask


def test_a_saved_mask_is_a_palette_png_in_voc_s_colours(tmp_path: Path) -> None:
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)

    save_mask(tmp_path / "folder" / "mask.png", mask, "")

    with Image.open(tmp_path / "folder" / "mask.png") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), mask)
        assert tuple(image.getpalette()[45:48]) == tuple(voc_palette()[15])


def test_a_mask_knows_what_it_was_made_from(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    save_mask(path, np.zeros((4, 4), np.uint8), origin_of("a", 1))

    assert is_made_from(path, origin_of("a", 1))
    assert not is_made_from(path, origin_of("a", 2))
    assert not is_made_from(tmp_path / "none.png", origin_of("a", 1))


def test_a_damaged_mask_was_made_from_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(b"no picture")

    assert not is_made_from(path, origin_of())


def test_parts_that_only_look_alike_when_joined_have_different_origins() -> None:
    origins = {origin_of(b"ab", b"c"), origin_of(b"a", b"bc"), origin_of(["ab", "c"]), origin_of("ab", "c")}

    assert len(origins) == 4
