import os
import sys

import pytest

from deeplab_cv.machine.plain_yaml import DEEPEST, LARGEST, read_plain_yaml

_TENFOLD = "[" + ", ".join(["*{0}"] * 10) + "]"
_BOMB = "l0: &l0 [a, a, a, a, a, a, a, a, a, a]\n" + "".join(
    f"l{level}: &l{level} {_TENFOLD.format(f'l{level - 1}')}\n" for level in range(1, 10)
)


def written(folder, text):
    path = folder / "values.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_values_are_read_as_yaml_writes_them(tmp_path):
    text = "name: tiny\nshapes: [[128, 96], [96, 128]]\nnested: {share: 0.5, empty: }\n"

    assert read_plain_yaml(written(tmp_path, text)) == {
        "name": "tiny",
        "shapes": [[128, 96], [96, 128]],
        "nested": {"share": 0.5, "empty": None},
    }


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (_BOMB, "aliases"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("&a [*a]", "aliases"),
        ("a: " + "[" * 3000, "nested deeper"),
        ("a: " + "{b: " * 500, "nested deeper"),
        ("- " * 3000 + "a", "nested deeper"),
        ("a: " + "9" * 5000, "digits"),
        ("a: 2026-13-45", "month"),
        ("a: !!int abc", "abc"),
        ("a: !!float abc", "abc"),
        ("a: !!bool maybe", "maybe"),
        ("a: !!timestamp never", "cannot be read"),
        ("a: !!python/object/apply:os.getcwd []", "constructor"),
        ("? [1, 2]\n: 3", "unhashable"),
        ("a: [", "expected"),
        (b"a: b\0c", "#x0000"),
        (b"\xff\xfea", "utf-8"),
        ("# " + "x" * LARGEST, "more than 100,000 bytes"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_in_one_line(tmp_path, text, part):
    with pytest.raises(ValueError, match=part) as error:
        read_plain_yaml(written(tmp_path, text))

    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000


def test_what_is_nested_as_deep_as_allowed_is_read(tmp_path):
    value = read_plain_yaml(written(tmp_path, "[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1)))

    for _ in range(DEEPEST - 1):
        [value] = value
    assert value == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_and_a_device_are_refused_without_waiting_for_them(tmp_path):
    pipe = tmp_path / "values.yaml"
    os.mkfifo(pipe)

    for path in (pipe, "/dev/zero"):
        with pytest.raises(ValueError, match="no ordinary file"):
            read_plain_yaml(path)
