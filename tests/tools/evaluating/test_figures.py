import dataclasses
import io
import json

import numpy as np
import pytest
from rich.console import Console

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import Accuracy
from deeplab_cv.tools.evaluate import VideoEvaluation
from deeplab_cv.tools.evaluating.figures import (
    as_json,
    print_evaluation,
    print_sequences,
    print_video,
    with_accuracy,
    with_flicker,
    with_sequences,
)
from deeplab_cv.tools.evaluating.sequences import SequenceEvaluation, Steadiness
from deeplab_cv.tools.evaluating.stability import Stability
from tests.tiny_networks import DOG, PERSON


@pytest.fixture(scope="module")
def evaluation(evaluated):
    return evaluated()


@pytest.fixture
def video(evaluation):
    plain, smoothed = Stability(0.9, 0.02, 0.2), Stability(0.9, 0.01, float("nan"))
    return VideoEvaluation(
        network=evaluation.network,
        name="walk.mp4",
        engine="opencv:cpu:float32",
        frames=8,
        weight=0.6,
        plain=plain,
        smoothed=smoothed,
    )


def printed(show, *args):
    file = io.StringIO()
    show(Console(file=file, width=200), *args)
    return file.getvalue()


def test_a_class_has_a_row_if_it_was_met_and_says_what_it_is_taken_for(evaluation):
    text = printed(print_evaluation, evaluation)

    [row] = [line for line in text.splitlines() if "│ dog " in line]
    assert "person 4" in row or "person 5" in row
    assert "sheep" not in text


def test_each_aspect_has_a_row_where_there_are_several(evaluation):
    one = dataclasses.replace(evaluation, groups={Size(128, 96): evaluation.groups[Size(128, 96)]})

    assert "pictures nearest to" in printed(print_evaluation, evaluation)
    assert "pictures nearest to" not in printed(print_evaluation, one)


def test_names_that_look_like_markup_are_printed_as_they_are(evaluation):
    card = evaluation.network.card.model_copy(update={"name": "[red]net[/]"})
    network = dataclasses.replace(evaluation.network, card=card)

    assert printed(print_evaluation, dataclasses.replace(evaluation, network=network)).startswith("[red]net[/] on ")


def test_flips_are_shown_with_and_without_smoothing(video):
    text = printed(print_video, video)

    assert text.startswith("tiny on opencv:cpu:float32, walk.mp4, 8 frames, 90% of the pixels followed")
    assert "2.00%" in text
    assert "smoothed, weight 0.6" in text


def test_the_json_holds_what_was_measured_and_null_for_what_was_not(evaluation, video):
    content = json.loads(as_json(evaluation, video))

    pictures = content["pictures"]
    assert pictures["iou"]["sheep"] is None
    assert pictures["iou"]["dog"] == pytest.approx(evaluation.accuracy.iou[DOG])
    assert np.array_equal(pictures["confusion"], evaluation.confusion)
    assert list(pictures["picture_miou"]) == ["person", "lie", "dog"]
    assert content["video"]["smoothed"] == {"followed": 0.9, "flips": 0.01, "object_flips": None}


def test_the_json_leaves_out_what_was_not_asked_for(evaluation, video):
    assert json.loads(as_json(evaluation, None)).keys() == {"pictures"}
    assert json.loads(as_json(None, video)).keys() == {"video"}


def test_figures_on_a_card_take_the_place_of_those_of_the_same_data_and_way_alone(evaluation):
    other = Accuracy(data="VOC", how="another way", miou=0.5)
    card = evaluation.network.card.model_copy(update={"accuracy": (other,)})

    once = with_accuracy(card, evaluation, "VOC")
    twice = with_accuracy(once, evaluation, "VOC")

    assert twice == once
    assert twice.accuracy[0] == other
    assert twice.accuracy[1].how == "3 pictures, each at the shape nearest to its aspect, opencv:cpu:float32"
    assert twice.accuracy[1].iou.keys() == {"background", "dog", "person"}
    assert twice.accuracy[1].iou["person"] == round(evaluation.accuracy.iou[PERSON], 4)


def test_a_video_s_figures_take_the_place_of_those_of_that_video(video):
    card = video.network.card

    once = with_flicker(card, video)
    again = with_flicker(once, dataclasses.replace(video, weight=0.8))
    both = with_flicker(again, dataclasses.replace(video, name="run.mp4"))

    assert [(each.video, each.smooth) for each in both.flicker] == [("walk.mp4", 0.8), ("run.mp4", 0.6)]
    assert again.flicker[0].flips == 0.02


@pytest.fixture
def walk(evaluation):
    plain = Steadiness(0.0, {DOG: 0.8}, 0.75, 0.2, 0.12345)
    smoothed = Steadiness(0.6, {DOG: 0.9}, float("nan"), 0.1, 0.0)
    return SequenceEvaluation(evaluation.network, "walk", "opencv:cpu:float32", 60, 1, (plain, smoothed))


def test_a_sequence_has_a_row_for_each_way_of_smoothing(walk):
    text = printed(print_sequences, [walk])

    assert text.startswith("tiny on opencv:cpu:float32, each object against the rest, every frame inferred")
    rows = [line for line in text.splitlines() if "walk" in line]
    assert "dog 0.800" in rows[0] and "0.123" in rows[0]
    assert "0.6" in rows[1] and "dog 0.900" in rows[1]


def test_the_json_holds_each_sequence(walk):
    [content] = json.loads(as_json(None, None, [walk]))["sequences"]

    assert (content["sequence"], content["carry"]) == ("walk", 1)
    assert content["ways"][0] == {
        "smooth": 0.0,
        "iou": {"dog": 0.8},
        "boundary_f": 0.75,
        "error_churn": 0.2,
        "followed_churn": 0.12345,
    }
    assert content["ways"][1]["boundary_f"] is None


def test_a_sequence_s_figures_take_the_place_of_those_of_the_same_way_alone(walk):
    card = walk.network.card

    once = with_sequences(card, [walk], "clips")
    again = with_sequences(once, [walk], "clips")
    carried = with_sequences(again, [dataclasses.replace(walk, carry=3)], "clips")

    assert again == once
    assert [(each.data, each.smooth) for each in once.sequences] == [("clips, walk", 0.0), ("clips, walk", 0.6)]
    assert once.sequences[0].followed_churn == 0.1235
    assert carried.sequences[2].how == "60 frames, one frame in 3 inferred, opencv:cpu:float32"


def test_the_classes_that_were_counted_against_the_rest_are_named(evaluation):
    people = dataclasses.replace(evaluation, only=(PERSON, DOG))

    assert "3 pictures, person and dog against the rest, each at" in printed(print_evaluation, people)
    assert json.loads(as_json(people, None))["pictures"]["only"] == ["person", "dog"]
