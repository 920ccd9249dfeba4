import dataclasses

import pytest

from deeplab_cv.bench.peers import Figures, Peer, compared
from deeplab_cv.errors import EngineError

OURS = Peer("ours", "a", "", ())
MISSING = Peer("missing", "a", "missing.py", ())


def run(peer):
    if peer.script == MISSING.script:
        raise EngineError("it does not run here", "no module named missing", "install it")
    return Figures(20.0, 30.0, {})


def test_a_peer_that_does_not_run_is_a_remark_and_no_row():
    part = compared([OURS, MISSING], run, rounds=2)

    assert [row["program"] for row in part.rows] == ["ours"]
    assert part.remarks[-1] == "missing, a: it does not run here: no module named missing"


def test_the_program_itself_must_run():
    with pytest.raises(EngineError, match="no module named missing"):
        compared([dataclasses.replace(MISSING, program="ours"), OURS], run, rounds=1)
