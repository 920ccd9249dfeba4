from typing import get_args

import pytest

from deeplab_cv.controls.keys import KEYS, PaintClass, Word, action_of, help_rows


def test_no_key_means_two_things():
    codes = [code for key in KEYS for code in key.actions]

    assert len(codes) == len(set(codes))


def test_every_action_has_a_key():
    actions = {action for key in KEYS for action in key.actions.values()}

    assert actions == {*get_args(Word), *(PaintClass(number) for number in range(1, 10))}


@pytest.mark.parametrize(
    ("character", "action"),
    [("q", "quit"), ("\x1b", "quit"), ("=", "alpha_up"), ("3", PaintClass(3)), ("0", "all_classes")],
)
def test_a_key_is_found_by_its_code(character, action):
    assert action_of(ord(character)) == action


@pytest.mark.parametrize("code", [-1, ord("z")])
def test_no_key_and_a_key_without_meaning_do_nothing(code):
    assert action_of(code) is None


def test_high_bits_that_some_windows_add_to_a_key_are_ignored():
    assert action_of(ord("q") | 0x100000) == "quit"


def test_the_help_shows_the_nine_class_keys_in_one_row():
    assert ("1 .. 9", "painted class 1 .. 9 on, off") in help_rows()
    assert len(help_rows()) == len(KEYS)
