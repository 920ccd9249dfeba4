import dataclasses

import pytest

from deeplab_cv.engines.candidates import Candidate, CandidateResult
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.remembered import Timing, question_of, recall, remember, times_here
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import cache_folder


def note():
    [file] = cache_folder("engines").iterdir()
    return file


def test_the_winner_is_found_again(graph):
    winner = Candidate("opencv", "cpu", graph)
    remember("which?", winner, [CandidateResult(winner, ms=3.0)])

    assert recall("which?", [graph]) == winner


def test_nothing_is_remembered_of_another_question(graph):
    remember("which?", Candidate("opencv", "cpu", graph), [])

    assert recall("which else?", [graph]) is None


def test_a_file_that_is_no_longer_there_is_forgotten(graph):
    remember("which?", Candidate("opencv", "cpu", graph), [])

    assert recall("which?", [dataclasses.replace(graph, sha256="0" * 64)]) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"name": "opencv"}',
        b'{"name": [1], "device": 2, "sha256": 3}',
        b'{"name": "abacus", "device": "cpu", "sha256": "SHA"}',
        b'{"name": "opencv", "device": null, "sha256": "SHA"}',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"name": "opencv", "device": "cpu", "sha256": ' + b"[" * 20_000,
        b" " * 200_000,
    ],
    ids=range(12),
)
def test_a_note_that_cannot_be_read_is_no_note(graph, content):
    remember("which?", Candidate("opencv", "cpu", graph), [])
    note().write_bytes(content.replace(b"SHA", graph.sha256.encode()))

    assert recall("which?", [graph]) is None


def test_the_question_changes_with_all_that_changes_the_answer(graph, monkeypatch):
    questions = {
        question_of([graph], EngineOptions(), depth=1),
        question_of([graph], EngineOptions(backend="opencv", threads=0), depth=1),
        question_of([graph], EngineOptions(backend="auto", threads=2), depth=1),
        question_of([graph], EngineOptions(), depth=2),
        question_of([graph, dataclasses.replace(graph, sha256="0" * 64)], EngineOptions(), depth=1),
        question_of([dataclasses.replace(graph, input_size=Size(16, 16))], EngineOptions(), depth=1),
    }
    monkeypatch.setattr("deeplab_cv.engines.remembered.installed", lambda _: {"onnxruntime": "99"})
    questions.add(question_of([graph], EngineOptions(), depth=1))

    assert len(questions) == 7


def test_the_newest_times_of_a_network_are_found_by_its_cards_hash(graph):
    winner = Candidate("opencv", "cpu", graph)
    remember(
        "which?",
        winner,
        [CandidateResult(winner, ms=3.0), CandidateResult(Candidate("openvino", "cpu", graph), reason="no such ms")],
    )

    assert times_here(graph.card.sha256) == (Timing("opencv:cpu", 3.0),)
    assert times_here("0" * 64) == ()


@pytest.mark.parametrize(
    "content",
    [
        b'{"results": [1, null, "SHA", [{"sha256": "SHA"}]]}',
        b'{"results": [{"sha256": "SHA", "candidate": [], "ms": "fast"}]}',
        b'{"results": {"sha256": "SHA"}}',
        b'{"results": 7}',
        b"[" * 50_000,
    ],
    ids=range(5),
)
def test_times_that_are_none_are_left_out(graph, content):
    remember("which?", Candidate("opencv", "cpu", graph), [])
    note().write_bytes(content.replace(b"SHA", graph.card.sha256.encode()))

    assert times_here(graph.card.sha256) == ()


def test_a_note_that_leads_nowhere_is_passed_over(graph):
    winner = Candidate("opencv", "cpu", graph)
    remember("which?", winner, [CandidateResult(winner, ms=3.0)])
    note().with_name("dangling.json").symlink_to("nowhere.json")

    assert [timing.ms for timing in times_here(graph.card.sha256)] == [3.0]


def test_where_nothing_can_be_kept_the_winner_is_not_remembered(graph, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    remember("which?", Candidate("opencv", "cpu", graph), [])

    assert recall("which?", [graph]) is None
