import copy
import os
import pickle
import shlex
from pathlib import Path

import pytest

from deeplab_cv.errors import MissingNetworkError, SettingsError, SinkError, UsageError, as_typed, nearest
from deeplab_cv.networks.opening import open_network
from deeplab_cv.sources.pictures import read_picture


def test_a_line_holds_what_where_and_what_to_do() -> None:
    error = SinkError("the disk is full", Path("out.mp4"), "free some space")

    assert str(error) == "the disk is full: out.mp4; free some space"
    assert (error.what, error.where, error.cause, error.remedy) == (
        "the disk is full",
        "out.mp4",
        "",
        "free some space",
    )


def test_a_cause_by_somebody_else_s_word_stands_apart_from_what_to_do() -> None:
    error = SinkError("cannot write", "out.mp4", "write to another disk", cause=OSError("stale file handle"))

    assert str(error) == "cannot write: out.mp4 (stale file handle); write to another disk"
    assert (error.cause, error.remedy) == ("stale file handle", "write to another disk")


@pytest.mark.skipif(os.name == "nt", reason='Windows quotes with " alone')
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("in.mp4", "in.mp4"),
        ("films/2026-11/dog+cat@50%.mp4", "films/2026-11/dog+cat@50%.mp4"),
        ("Schäfchen/羊.mp4", "Schäfchen/羊.mp4"),
        ("my dog.mp4", "'my dog.mp4'"),
        ("$HOME & (co).mp4", "'$HOME & (co).mp4'"),
        ("the dog's.mp4", "'the dog'\"'\"'s.mp4'"),
        ("*.jpg", "'*.jpg'"),
        ("", "''"),
    ],
)
def test_a_name_is_written_as_a_shell_takes_it(name: str, typed: str) -> None:
    assert as_typed(name) == typed
    assert shlex.split(typed) == [name]


def test_a_path_is_shown_as_it_is_typed_and_other_words_as_they_are() -> None:
    assert UsageError("no such file", Path("my dog.mp4"), "name another").where == "'my dog.mp4'"
    assert UsageError("the scores are wrong", "opencv:cpu in float32", "take another").where == "opencv:cpu in float32"


@pytest.mark.parametrize("open_missing", [open_network, read_picture], ids=["network", "picture"])
def test_a_missing_file_is_python_s_error_for_it_too(open_missing, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such .*gone\.onnx"):
        open_missing(tmp_path / "gone.onnx")


@pytest.mark.parametrize("kind", [UsageError, SettingsError])
def test_wrong_use_has_an_exit_code_of_its_own(kind) -> None:
    assert (kind.exit_code, SinkError.exit_code) == (2, 1)


@pytest.mark.parametrize("kind", [SettingsError, MissingNetworkError])
def test_an_error_can_be_copied_and_sent_from_another_process(kind) -> None:
    error = kind("no such network file", "a.onnx", "name another", cause="by the system")

    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is kind
        assert (other.what, other.where, other.remedy, other.cause) == (
            error.what,
            error.where,
            error.remedy,
            error.cause,
        )
        assert str(other) == str(error)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("docter", "doctor"),
        ("DOCTOR", "doctor"),
        ("doc", "doctor"),
        ("check", "doctor"),
        ("chek", "doctor"),
        ("x", None),
    ],
)
def test_the_nearest_word_is_found_by_sight_case_beginning_and_other_names(word, meant) -> None:
    assert nearest(word, ["doctor", "models"], {"check": "doctor"}) == meant
