import base64
import dataclasses
import re

import cv2
import numpy as np
import pytest

from deeplab_cv.errors import DataError
from deeplab_cv.tools.data.records import FileSlice
from deeplab_cv.tools.evaluating.page import COLUMNS, MOST_PIXELS_WIDE, worst_page


def pictures_of(page):
    """Every picture of a page, decoded."""
    data = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    return [cv2.imdecode(np.frombuffer(base64.b64decode(each), np.uint8), cv2.IMREAD_COLOR) for each in data]


def test_each_of_the_worst_stands_there_with_its_four_pictures_the_worst_first(evaluated):
    page = worst_page(evaluated(worst=2)).decode()

    names = re.findall(r"<figcaption>(\w+): mean IoU", page)
    assert names[0] == "lie"
    assert len(names) == 2
    assert len(pictures_of(page)) == 2 * len(COLUMNS)
    assert "The worst 2 of 3 pictures" in page


def test_what_is_wrong_is_red_and_all_else_is_as_it_was(evaluated):
    page = worst_page(evaluated(worst=1)).decode()

    picture, _, _, wrong = (each.astype(int) for each in pictures_of(page))
    # The box of this picture is called a dog by its mask and a person by the network.
    blue, green, red = np.abs(wrong - (0, 0, 255))[30, 60]
    assert max(blue, green, red) < 30
    assert np.abs(wrong - picture)[:8].max() < 30
    assert "dog taken for person" in page


def test_the_page_needs_nothing_from_elsewhere(evaluated):
    page = worst_page(evaluated()).decode()

    assert "http" not in page
    assert "<script" not in page
    assert set(re.findall(r'src="([^:"]*):', page)) == {"data"}


def test_names_cannot_bring_markup_into_the_page(evaluated):
    evaluation = evaluated(worst=1)
    card = evaluation.network.card
    classes = ("background", "<b>", *card.classes[2:])
    network = dataclasses.replace(
        evaluation.network, card=card.model_copy(update={"name": "<i>net</i>", "classes": classes})
    )
    record = dataclasses.replace(evaluation.worst[0].record, name="<script>x")
    worst = dataclasses.replace(evaluation.worst[0], record=record)

    page = worst_page(dataclasses.replace(evaluation, network=network, worst=(worst,))).decode()

    assert "<script" not in page
    assert "&lt;i&gt;net&lt;/i&gt;" in page
    assert "&lt;b&gt;" in page


def test_large_pictures_are_made_small(evaluated, tmp_path):
    evaluation = evaluated(worst=1)
    [judged] = evaluation.worst
    size = (3 * MOST_PIXELS_WIDE, 300)
    for name, content in (("picture.png", np.zeros((*size[::-1], 3), np.uint8)), ("mask.png", np.zeros(size[::-1]))):
        cv2.imwrite(str(tmp_path / name), content)
    record = dataclasses.replace(
        judged.record, picture=FileSlice(tmp_path / "picture.png"), mask=FileSlice(tmp_path / "mask.png")
    )
    large = dataclasses.replace(judged, record=record, labels=np.zeros(size[::-1], np.uint8))

    pictures = pictures_of(worst_page(dataclasses.replace(evaluation, worst=(large,))).decode())

    assert {picture.shape for picture in pictures} == {(100, MOST_PIXELS_WIDE, 3)}


def test_a_picture_that_is_gone_since_is_named(evaluated, tmp_path):
    evaluation = evaluated(worst=1)
    [judged] = evaluation.worst
    record = dataclasses.replace(judged.record, picture=FileSlice(tmp_path / "gone.png"))

    with pytest.raises(DataError, match=r"gone\.png"):
        worst_page(dataclasses.replace(evaluation, worst=(dataclasses.replace(judged, record=record),)))
