import pytest

from deeplab_cv.bench.instruments.turns import Cost
from deeplab_cv.bench.stages import StageCosts, floor_ms

COSTS = StageCosts(
    (1280, 720),
    "an engine",
    {"decode": [Cost(9, 4), Cost(9, 5), Cost(9, 60)], "infer": [Cost(12, 20)], "encode": [Cost(15, 15)]},
)


def test_the_floor_is_the_stages_processor_time_added_up_over_the_cores():
    assert floor_ms(COSTS, ("decode", "infer", "encode"), cores=2) == pytest.approx((5 + 20 + 15) / 2)
    assert floor_ms(COSTS, ("decode", "infer"), cores=1) == pytest.approx(25)


def test_a_round_that_was_disturbed_does_not_move_the_median():
    assert COSTS.processor_ms("decode").median == 5
    assert COSTS.processor_ms("decode").high == 60
    assert COSTS.wall_ms("infer").median == 12
