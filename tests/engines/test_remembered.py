import dataclasses

import pytest

from deeplab_cv.engines.candidates import Candidate
from deeplab_cv.engines.remembered import question_of, recall, remember


@pytest.fixture
def candidates(graph):
    return [Candidate("openvino", "cpu", graph), Candidate("opencv", "cpu", graph)]


def note(tmp_path):
    [file] = (tmp_path / "cache" / "deeplab-cv" / "engines").iterdir()
    return file


def test_the_winner_is_found_again(candidates):
    remember("which?", candidates[1], ["openvino:cpu: too slow"])

    assert recall("which?", candidates) == candidates[1]


def test_nothing_is_remembered_of_another_question(candidates):
    remember("which?", candidates[1], [])

    assert recall("which else?", candidates) is None


def test_a_winner_that_is_no_candidate_any_more_is_forgotten(candidates):
    remember("which?", candidates[1], [])

    assert recall("which?", candidates[:1]) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"backend": "opencv:cpu"}', b'{"backend": 1, "sha256": [2]}', b"\xff\xfe"]
)
def test_a_note_that_cannot_be_read_is_no_note(candidates, tmp_path, content):
    remember("which?", candidates[1], [])
    note(tmp_path).write_bytes(content)

    assert recall("which?", candidates) is None


def test_the_question_changes_with_all_that_changes_the_answer(candidates, graph, monkeypatch):
    other = dataclasses.replace(graph, sha256="0" * 64, shape=(16, 16))
    questions = {
        question_of(candidates, 0, 1),
        question_of(candidates, 2, 1),
        question_of(candidates, 0, 2),
        question_of(candidates[:1], 0, 1),
        question_of([Candidate("openvino", "cpu", other), candidates[1]], 0, 1),
    }
    monkeypatch.setattr("deeplab_cv.engines.remembered.installed", lambda _: {"onnxruntime": "99"})
    questions.add(question_of(candidates, 0, 1))

    assert len(questions) == 6
