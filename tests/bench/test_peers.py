import dataclasses

import pytest

from deeplab_cv.bench import peers
from deeplab_cv.bench.peers import Figures, Peer
from deeplab_cv.errors import EngineError
from deeplab_cv.machine.folders import demo_clip
from tests.bench.plans import plan_of

OURS = Peer("ours", "a", "", ())
MISSING = Peer("missing", "a", "missing.py", ())
PLAN = plan_of(demo_clip())


def run(peer, clip):
    if peer.script == MISSING.script:
        raise EngineError("it does not run here", "no module named missing", "install it")
    return Figures(20.0, 30.0, {})


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(peers, "_run", run)
    monkeypatch.setattr(peers, "clip_at", lambda clip, height: clip)

    def measure(*chosen):
        monkeypatch.setattr(peers, "_peers", lambda plan: list(chosen))
        return peers.measure(PLAN)

    return measure


def test_a_peer_that_does_not_run_is_a_remark_and_no_row(measured):
    part = measured(OURS, MISSING)

    assert [row["program"] for row in part.rows] == ["ours"]
    assert part.remarks[-1] == "missing, a: it does not run here: no module named missing"


def test_the_program_itself_must_run(measured):
    with pytest.raises(EngineError, match="no module named missing"):
        measured(dataclasses.replace(MISSING, program="ours"), OURS)
