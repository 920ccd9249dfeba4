import subprocess
import sys
from pathlib import Path

from deeplab_cv.machine.files import Draft
from deeplab_cv.machine.leftovers import discard_drafts_left_in, drafts_left_in

KILLED = """
import os, signal, sys
from pathlib import Path
from deeplab_cv.machine.files import Draft
draft = Draft(Path(sys.argv[1]))
os.write(draft.descriptor, b"half")
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(path):
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False)


def test_the_draft_of_a_killed_process_is_found_with_the_place_it_was_meant_for(tmp_path):
    killed_while_writing(tmp_path / "out.v2.mp4")

    ((draft, place),) = drafts_left_in(tmp_path)

    assert draft.read_bytes() == b"half"
    assert place == tmp_path / "out.v2.mp4"


def test_drafts_that_are_being_written_and_other_hidden_files_are_left_alone(tmp_path):
    living = Draft(tmp_path / "out.mp4")
    (tmp_path / ".notes.unfinished-later.txt").touch()
    killed_while_writing(tmp_path / "gone.mp4")

    discard_drafts_left_in(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([living.path.name, ".notes.unfinished-later.txt"])
    living.discard()


def test_a_folder_that_is_not_there_has_no_drafts(tmp_path):
    assert list(drafts_left_in(tmp_path / "gone")) == []
