from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the plot needs matplotlib (requirements-train.txt)")

from PIL import Image

from deeplab_cv.pytorch.training.log import TrainingLog

CLASSES = ("background", "goat", "dog")


def test_rows_are_kept_in_a_table_with_a_column_for_each_class(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path, CLASSES, None)

    log.add(step=10, minutes=0.5, learning_rate=1e-3, loss=2.25)
    log.add(step=20, minutes=1.0, miou=0.123456789, goat=0.5)

    lines = log.path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "step,minutes,learning_rate,loss,miou,pixel_accuracy,background,goat,dog"
    assert lines[1:] == ["10,0.5,0.001,2.25,,,,,", "20,1,,,0.123457,,,0.5,"]


def test_a_new_training_begins_a_new_table(tmp_path: Path) -> None:
    TrainingLog(tmp_path, CLASSES, None).add(step=10, minutes=0.5)

    assert TrainingLog(tmp_path, CLASSES, None).rows() == []


@pytest.mark.parametrize(("resumed_at", "kept"), [(0, []), (15, ["10"]), (20, ["10", "20"]), (99, ["10", "20", "30"])])
def test_a_resumed_training_drops_the_rows_after_its_checkpoint(
    tmp_path: Path, resumed_at: int, kept: list[str]
) -> None:
    log = TrainingLog(tmp_path, CLASSES, None)
    for step in (10, 20, 30):
        log.add(step=step, minutes=step / 10)

    resumed = TrainingLog(tmp_path, CLASSES, resumed_at)

    assert [row["step"] for row in resumed.rows()] == kept


def test_a_resumed_training_without_a_table_begins_one(tmp_path: Path) -> None:
    assert TrainingLog(tmp_path, CLASSES, 20).rows() == []


def test_a_column_that_is_none_of_the_table_s_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kite"):
        TrainingLog(tmp_path, CLASSES, None).add(step=1, kite=0.5)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_curves_are_drawn_from_however_many_rows_there_are(tmp_path: Path, rows: int) -> None:
    log = TrainingLog(tmp_path, CLASSES, None)
    for step in range(rows):
        log.add(step=step, minutes=float(step), loss=1.0 / (step + 1), **({"miou": 0.5} if step % 2 else {}))

    log.draw()

    with Image.open(log.picture_path) as picture:
        assert picture.size == (900, 500)
