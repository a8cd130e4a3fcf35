"""Charts of weeks as geometry: what stands where."""

from datetime import date, timedelta

import pytest

from dashboard.drifting import Spread
from dashboard.week_chart import BOTTOM, LABELS, LEFT, TOP, WIDTH, bars, boxes

WEEKS = [date(2026, 3, 2) + timedelta(weeks=number) for number in range(4)]
SPREAD = Spread(p5=0, p25=25, p50=50, p75=75, p95=100, mean=60)


def test_a_box_stands_where_its_values_are() -> None:
    """0 to 100 over 200 units, of which 10 are free above and 22 below: 1.68 units for 1."""
    chart = boxes([(WEEKS[0], SPREAD), (WEEKS[1], None)], {"here": 50.0}, height=200)
    (box,) = chart.boxes
    base, per_unit = 200 - BOTTOM, (200 - TOP - BOTTOM) / 100
    assert (box.p5, box.p95) == (base, TOP)
    assert box.p25 == pytest.approx(base - 25 * per_unit)
    assert box.p75 == pytest.approx(base - 75 * per_unit)
    assert box.height == pytest.approx(50 * per_unit)
    assert box.mean == pytest.approx(base - 60 * per_unit)
    assert box.x == LEFT + (WIDTH - LEFT) / 4
    assert box.left + box.width / 2 == box.x
    assert [(mark.at, mark.text) for mark in chart.reference] == [(box.p50, "here")]
    assert "median 50" in box.title


def test_lines_are_at_round_numbers_around_the_values() -> None:
    chart = boxes([(WEEKS[0], Spread(p5=41, p25=42, p50=43, p75=44, p95=59.5, mean=43))], {})
    assert [tick.text for tick in chart.ticks] == ["40", "45", "50", "55", "60"]
    assert [tick.at for tick in chart.ticks] == sorted((tick.at for tick in chart.ticks), reverse=True)
    assert (chart.ticks[0].at, chart.ticks[-1].at) == (chart.base, TOP)


@pytest.mark.parametrize("value", [0.0, -3.0, 7.0, 1e-7])
def test_one_value_for_all_is_drawn_within_the_picture(value: float) -> None:
    same = Spread(p5=value, p25=value, p50=value, p75=value, p95=value, mean=value)
    chart = boxes([(WEEKS[0], same)], {})
    assert TOP <= chart.boxes[0].p50 <= chart.base


def test_no_week_that_tells_anything() -> None:
    chart = boxes([(week, None) for week in WEEKS], {"mean": 5.0})
    assert (chart.boxes, chart.reference) == ((), ())
    assert [mark.text for mark in chart.weeks] == ["03-02", "03-09", "03-16", "03-23"]


def test_bars_stand_on_nothing() -> None:
    chart = bars([(WEEKS[0], 10.0), (WEEKS[1], 0.0), (WEEKS[2], None), (WEEKS[3], 5.0)], height=90)
    first, second, third = chart.bars
    assert (first.top, first.height) == (TOP, chart.base - TOP)
    assert (second.top, second.height) == (chart.base, 0)
    assert third.height == pytest.approx(first.height / 2)
    assert [tick.text for tick in chart.ticks] == ["0", "5", "10"]
    assert first.title == "2026-03-02: 10.0 %"


def test_of_many_weeks_some_are_named() -> None:
    year = [(WEEKS[0] + timedelta(weeks=number), 1.0) for number in range(52)]
    chart = bars(year)
    assert len(chart.bars) == 52
    assert len(chart.weeks) == LABELS
    assert chart.bars[-1].left + chart.bars[-1].width <= WIDTH
