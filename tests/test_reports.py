"""Cases of public reports, which lie beside the repository where it is developed, through the whole program."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.cli import main

CASES = Path(__file__).parents[2] / "shared" / "cases"


def case(name: str) -> Path:
    """A shared case; the test is skipped where it is missing."""
    file = CASES / name
    if not file.exists():
        pytest.skip("the shared cases are not here")
    return file


def train(name: str, folder: Path, val_list: str = "val") -> int:
    """One step of a training on a shared data set; its exit code."""
    pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")
    pytest.importorskip("pycocotools", reason="COCO needs pycocotools (requirements-train.txt)")
    with tarfile.open(case(f"data-{name}.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    small = ["--steps", "1", "--batch-size", "2", "--crop-pixels", "64", "--val-pixels", "96", "--workers", "0"]
    words = ["--data", folder / name, "--classes", folder / "names.txt", "--out", folder / "run"]
    return main(["train", *map(str, words), *small, "--from-scratch", "--val-lists", val_list])


@pytest.mark.parametrize("name", ["exif6_shownmask", "upper", "c_nobox", "roboflow"])
def test_data_as_people_have_it_is_trained_on(tmp_path: Path, name: str) -> None:
    assert train(name, tmp_path) == 0
    assert (tmp_path / "run" / "network.pt").is_file()


def test_two_pictures_of_one_name_have_a_mask_each(tmp_path: Path) -> None:
    assert train("c_samestem", tmp_path) == 0
    masks = [np.asarray(Image.open(file)) for file in (tmp_path / "run/coco-masks/train").glob("*.png")]
    small, large = sorted(int((mask == 1).sum()) for mask in masks)
    assert large > 3000 > 400 > small


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("binary255", "no values but 0 and 255, and 255 means unknown"),
        ("c_emptyseg", "no annotation has an outline, such as annotation 1 of a.jpg"),
    ],
)
def test_data_that_teaches_nothing_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert train(name, tmp_path) == 1
    error = capfd.readouterr().err
    assert message in error
    assert error.count("\n") == 1
