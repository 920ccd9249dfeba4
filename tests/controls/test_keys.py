from typing import get_args

import pytest

from deeplab_cv.controls.keys import KEYS, PaintClass, UnknownKey, Word, action_of, help_rows


def test_no_key_means_two_things():
    codes = [code for key in KEYS for code in key.actions]

    assert len(codes) == len(set(codes))


def test_every_action_has_a_key():
    actions = {action for key in KEYS for action in key.actions.values()}

    assert actions == {*get_args(Word), *(PaintClass(number) for number in range(1, 10))}


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("q", "quit"),
        ("Escape", "leave"),
        ("=", "alpha_up"),
        ("3", PaintClass(3)),
        ("?", "help"),
        ("F1", "help"),
        ("z", UnknownKey("z")),
    ],
)
def test_a_key_is_found_by_the_name_that_browsers_have_for_it(name, action):
    assert action_of(name) == action


def test_the_help_shows_the_nine_class_keys_in_one_row():
    assert ("1 .. 9", "painted class 1 .. 9 on, off") in help_rows()
    assert len(help_rows()) == len(KEYS)
