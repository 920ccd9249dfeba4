import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import DataError
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.options import PaceOptions
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.evaluating.sequences import evaluate_sequence, sequences_of
from tests.tiny_networks import DOG, PERSON, tiny_network
from tests.tools.data.datasets import write_walk

FRAMES = 6


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return open_network(tiny_network(tmp_path_factory.mktemp("network")))


@pytest.fixture
def measured(network, tmp_path):
    """Measures the tiny network on a box that walks; `mask_label` for each frame."""

    def measure(*mask_labels, carry=1, step=8):
        data = write_walk(tmp_path / "walk", labels=mask_labels, step=step)
        [(name, frames)] = sequences_of(find_records(data, ["walk"], network.card.classes, tmp_path)).items()
        options = EngineOptions(backend="opencv:cpu", threads=1)
        with NetworkEngines(network, options) as engines:
            return evaluate_sequence(
                network,
                engines,
                frames,
                name=name,
                pace=PaceOptions(carry=carry),
                weights=(0.0, 0.6),
                progress=lambda: None,
            )

    return measure


def test_frames_are_sorted_into_sequences_by_what_their_names_have_in_common(network, tmp_path):
    data = write_walk(tmp_path / "walk", labels=[DOG] * 3)

    found = sequences_of(find_records(data, ["walk"], network.card.classes, tmp_path))

    assert {name: [record.name for record in frames] for name, frames in found.items()} == {
        "box": ["box_00000", "box_00001", "box_00002"]
    }


def test_a_picture_alone_is_no_sequence(network, tmp_path):
    data = write_walk(tmp_path / "walk", labels=[DOG])

    with pytest.raises(DataError, match="one frame and no sequence"):
        sequences_of(find_records(data, ["walk"], network.card.classes, tmp_path))


def test_what_is_found_in_every_frame_is_right_and_calm(measured):
    found = measured(*[DOG] * FRAMES)

    assert (found.name, found.frames, [way.smooth for way in found.ways]) == ("box", FRAMES, [0.0, 0.6])
    plain = found.ways[0]
    assert plain.iou.keys() == {DOG}
    assert plain.iou[DOG] > 0.85
    assert 0 < plain.boundary_f <= 1
    assert plain.error_churn < 0.3
    assert plain.followed_churn <= plain.error_churn


def test_other_things_than_the_sequence_s_own_are_the_rest(measured):
    # The network sees a dog; as a person it is missed all the time, which is calm where nothing moves.
    plain = measured(*[PERSON] * FRAMES, step=0).ways[0]

    assert plain.iou == {PERSON: 0}
    assert plain.error_churn == plain.followed_churn == 0


def test_what_is_right_in_every_other_frame_alone_changes_with_each(measured):
    plain = measured(*[DOG, PERSON] * 3, step=0).ways[0]

    assert plain.error_churn > 0.9
    assert plain.followed_churn > 0.9


def test_frames_that_are_not_inferred_follow_the_motion(measured):
    carried = measured(*[DOG] * FRAMES, carry=3)

    assert carried.carry == 3
    assert carried.ways[0].iou[DOG] > 0.7


def test_a_sequence_without_an_object_says_so(measured):
    with pytest.raises(DataError, match="no mask of a sequence has an object"):
        measured(0, 0, 0)
