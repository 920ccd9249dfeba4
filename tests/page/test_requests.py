import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.controls.keys import KEYS, PaintClass, PaintNamed, SetView, ShowSource, Word
from deeplab_cv.page.report import controls_table
from deeplab_cv.page.requests import action_of


def asked(what):
    return action_of(json.dumps(what).encode())


@pytest.mark.parametrize("word", get_args(Word))
def test_every_word_of_the_key_table_can_be_asked_for(word):
    assert asked({"action": word}) == word


def test_what_the_page_is_told_to_ask_for_each_key_is_that_key_s_action():
    told = [action["ask"] for row in controls_table()["rows"] for action in row["actions"]]

    assert [asked(ask) for ask in told] == [action for key in KEYS for action in key.actions.values()]


@pytest.mark.parametrize(
    ("what", "action"),
    [
        ({"paint": 3}, PaintClass(3)),
        ({"source": 0}, ShowSource(0)),
        ({"source": 15}, ShowSource(15)),
        ({"values": {"alpha": 0.7}}, SetView(alpha=0.7)),
        ({"values": {"style": "mask", "smooth": 0}}, SetView(style="mask", smooth=0.0)),
        ({"painted": {"name": "dog", "on": False}}, PaintNamed(name="dog", on=False)),
        ({"painted": {"name": "dog", "colour": "#00ff80"}}, PaintNamed(name="dog", colour=(0, 255, 128))),
    ],
)
def test_values_and_classes_can_be_asked_for(what, action):
    assert asked(what) == action


@pytest.mark.parametrize(
    "what",
    [
        {},
        [],
        None,
        {"action": "explode"},
        {"action": ["quit"]},
        {"action": "style", "paint": 1},
        {"paint": 0},
        {"paint": 10},
        {"paint": 1e400},
        {"values": {"alpha": 1.1}},
        {"values": {"alpha": float("nan")}},
        {"values": {"smooth": 1}},
        {"values": {"style": "fog"}},
        {"values": {"out": "/etc/passwd"}},
        {"painted": {"name": "x" * 1000}},
        {"painted": {"name": "dog", "colour": "no colour"}},
        {"painted": {"name": "do\0g"}},
        {"else": 1},
    ],
)
def test_anything_else_is_refused(what):
    with pytest.raises(ValueError, match=r"\w"):
        asked(what)


@given(st.binary(max_size=200))
def test_bytes_are_an_action_or_a_value_error(body):
    with pytest.raises(ValueError, match=r"\w"):
        action_of(body)
