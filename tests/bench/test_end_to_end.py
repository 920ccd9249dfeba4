import pytest

from deeplab_cv.bench.end_to_end import FILE_TO_FILE, FILE_TO_NOTHING, LIVE_TO_WINDOW, _row
from deeplab_cv.bench.instruments.program import Run
from deeplab_cv.bench.instruments.turns import Cost
from deeplab_cv.bench.stages import STAGES, StageCosts
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.processor import usable_cores

ROUTES = [FILE_TO_FILE, FILE_TO_NOTHING, LIVE_TO_WINDOW]
COSTS = StageCosts(Size(1280, 720), "an engine", {stage: [Cost(9.0, 10.0)] for stage in STAGES})


def run_of(frames=100, wall_s=4.0, processor_s=6.0, dropped=0, input_size=Size(512, 288)):
    return Run(
        frames=frames,
        wall_s=wall_s,
        processor_s=processor_s,
        dropped=dropped,
        engine="opencv:cpu:float32",
        input_size=input_size,
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_passes_stages_that_are_measured_each_once(route):
    assert set(route.stages) < set(STAGES)
    assert len(set(route.stages)) == len(route.stages)


def test_a_row_holds_what_a_frame_took_beside_the_least_it_could():
    row = _row(FILE_TO_FILE, COSTS, [run_of(), run_of(wall_s=5.0), run_of(wall_s=3.0)])

    assert (row["frame"], row["route"], row["input"]) == ("1280x720", "file to file", "512x288")
    assert row["wall ms"].median == pytest.approx(40)
    assert (row["wall ms"].low, row["wall ms"].high) == pytest.approx((30, 50))
    assert row["frames/s"].median == pytest.approx(25)
    assert row["processor ms"].median == pytest.approx(60)
    assert row["stages' sum ms"] == pytest.approx(60)
    assert row["floor ms"] == pytest.approx(60 / usable_cores())
    assert row["floor : wall"] == pytest.approx(60 / usable_cores() / 40)


def test_what_is_left_of_the_processor_is_a_share_of_all_its_cores():
    row = _row(FILE_TO_FILE, COSTS, [run_of(wall_s=4.0, processor_s=2.0 * usable_cores())])

    assert row["processor left"] == "50%"


def test_a_live_stream_s_rate_is_its_own_and_is_not_held_against_the_floor():
    row = _row(LIVE_TO_WINDOW, COSTS, [run_of(dropped=2), run_of(dropped=5, input_size=Size(432, 240))])

    assert row["floor : wall"] is None
    assert row["dropped"] == 5
    assert row["input"] == "512x288, 432x240"
