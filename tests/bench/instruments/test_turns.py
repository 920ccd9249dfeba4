import pytest

from deeplab_cv.bench.instruments.turns import Spread, Work, costs_in_turns, spread_of, timed


def test_contenders_take_turns():
    order = []
    works = {name: Work(lambda name=name: order.append(name)) for name in "ab"}

    costs = costs_in_turns(works, rounds=3)

    assert "".join(order) == "ababab"
    assert {name: len(each) for name, each in costs.items()} == {"a": 3, "b": 3}


def test_a_cost_is_that_of_one_frame():
    def spend():
        sum(range(2_000_000))

    one, ten = timed(Work(spend)), timed(Work(spend, frames=10))

    assert ten.processor_ms < one.processor_ms
    assert ten.wall_ms < one.wall_ms


def test_a_spread_is_the_median_with_the_lowest_and_the_highest():
    spread = spread_of([5.0, 1.0, 3.0, 100.0, 2.0])

    assert spread == Spread(3.0, 1.0, 100.0)
    assert str(spread) == "3.00 (1.00..100.00)"


@pytest.mark.parametrize(("median", "text"), [(1.234, "1.23"), (12.34, "12.3"), (123.4, "123")])
def test_a_figure_has_three_digits(median, text):
    assert str(Spread(median, median, median)) == f"{text} ({text}..{text})"
