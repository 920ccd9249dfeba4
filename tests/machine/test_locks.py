from deeplab_cv.machine.files import Draft
from deeplab_cv.machine.locks import locked_elsewhere


def test_a_draft_is_locked_until_its_writer_lets_go_of_it(tmp_path):
    draft = Draft(tmp_path / "out.mp4")

    with locked_elsewhere(draft.path) as locked:
        assert locked
    kept = draft.keep()

    with locked_elsewhere(kept) as locked:
        assert not locked


def test_what_is_not_there_counts_as_locked(tmp_path):
    with locked_elsewhere(tmp_path / "gone") as locked:
        assert locked
