from pathlib import Path

import cv2

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_picture
from deeplab_cv.tools.quantising.frames import frames_of


def test_frames_are_spread_evenly_over_a_folder(tmp_path: Path) -> None:
    for number in range(10):
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), golden_picture(number, Size(32, 32)))

    frames = frames_of(str(tmp_path), limit=4)

    assert [name for name, _ in frames] == ["0.png", "3.png", "6.png", "9.png"]
