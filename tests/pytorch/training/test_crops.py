from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.pytorch.training.crops import LABEL_STEP, CropSettings, StepsFrom, TrainingCrops, batches_from
from deeplab_cv.pytorch.training.sampling import BalancedSampler
from deeplab_cv.tools.data.layouts import voc_records
from deeplab_cv.tools.data.survey import survey
from tests.tools.data.datasets import write_voc

SETTINGS = CropSettings(pixels=64, multiple=32, fill_rgb=(127.0, 127.0, 127.0))


@pytest.fixture
def make_crops(tmp_path: Path):
    records = voc_records(write_voc(tmp_path / "voc", train=4, val=1), "train")
    presence = np.stack(list(survey(records, 3)))[:, :3]

    def make(*, seed: int = 1, teacher: Path | None = None) -> TrainingCrops:
        return TrainingCrops(records, 3, BalancedSampler(presence, 2, seed), SETTINGS, teacher)

    return make


def test_a_batch_holds_pictures_and_a_quarter_as_many_labels_each_way(make_crops) -> None:
    pictures, labels, scores = make_crops()[0]

    count, channels, height, width = pictures.shape
    assert (count, channels) == (2, 3)
    assert height % 32 == width % 32 == 0
    assert (pictures.dtype, labels.dtype) == (torch.uint8, torch.uint8)
    assert labels.shape == (2, height // LABEL_STEP, width // LABEL_STEP)
    assert scores.shape == (2, 0)
    assert set(labels.unique().tolist()) <= {0, 1, 2, 255}


def test_a_step_s_batch_is_the_same_whenever_it_is_made(make_crops) -> None:
    fresh, used = make_crops(), make_crops()
    for step in range(3):
        used[step]

    for one, other in zip(fresh[3], used[3], strict=True):
        assert torch.equal(one, other)


def test_other_steps_and_seeds_have_other_batches(make_crops) -> None:
    batches = [make_crops()[0][0], make_crops()[1][0], make_crops(seed=2)[0][0]]

    for place, one in enumerate(batches):
        assert not any(one.shape == other.shape and torch.equal(one, other) for other in batches[place + 1 :])


def test_the_teacher_s_scores_come_for_the_same_places_and_none_outside_the_picture(make_crops, tmp_path: Path) -> None:
    # The teacher's scores of class 0 tell the column: 0 at the left edge, 1 at the right.
    columns = np.linspace(0, 1, 9, dtype=np.float16)
    np.save(tmp_path / "teacher.npy", np.broadcast_to(columns, (4, 3, 5, 9)))
    crops = make_crops(teacher=tmp_path / "teacher.npy")

    for step in range(4):
        _, labels, scores = crops[step]
        assert scores.dtype == torch.float16
        assert scores.shape == (2, 3, *labels.shape[1:])
        known = ~torch.isnan(scores[:, 0])
        # A pixel at the picture's edge may be known to one and not to the other.
        assert (known == (labels != 255)).float().mean() > 0.8
        assert scores[:, 0][known].min() >= 0
        assert scores[:, 0][known].max() <= 1


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_begin_at_the_step_that_is_asked_for(make_crops, workers: int) -> None:
    crops = make_crops()
    batches = batches_from(5, crops, workers)

    for step in (5, 6):
        for one, other in zip(next(batches), crops[step], strict=True):
            assert torch.equal(one, other)


def test_steps_have_no_end() -> None:
    steps = iter(StepsFrom(7))

    assert [next(steps) for _ in range(3)] == [7, 8, 9]
