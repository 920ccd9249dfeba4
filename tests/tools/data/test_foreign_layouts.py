from pathlib import Path

import pytest

from deeplab_cv.tools.data.foreign_layouts import what_to_do


@pytest.mark.parametrize(
    ("file", "content", "answer"),
    [
        ("a.json", '{"version": "5.5", "flags": {}, "shapes": [{"label": "goat"}]}', "labelme's outlines"),
        ("pictures/a.json", '{"shapes": []}', "labelme's outlines"),
        ("data.yaml", "train: ../train/images", "YOLO's layout"),
        ("labels/train/a.txt", "0 0.5 0.5 0.1 0.1", "YOLO's layout"),
        ("train/_classes.csv", "0, background", "Roboflow's masks"),
        ("labelmap.txt", "# label:color_rgb:parts:actions", "CVAT's 'Segmentation mask'"),
        ("result.json", '{"images": [], "annotations": []}', "put the file at annotations/instances_train.json"),
        ("Annotations/a.xml", "<annotation/>", "these are boxes"),
        ("readme.txt", "", "expected ImageSets/Segmentation"),
    ],
)
def test_what_another_tool_wrote_is_named_with_the_way_out(
    tmp_path: Path, file: str, content: str, answer: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content, encoding="utf-8")

    assert answer in what_to_do(tmp_path)
    assert "\n" not in what_to_do(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert what_to_do(tmp_path / "none") == "name an existing folder"
