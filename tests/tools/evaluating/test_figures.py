import dataclasses
import io
import json

import numpy as np
import pytest
from rich.console import Console

from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import Accuracy
from deeplab_cv.tools.evaluate import VideoEvaluation
from deeplab_cv.tools.evaluating.figures import as_json, print_evaluation, print_video, with_accuracy, with_flicker
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
