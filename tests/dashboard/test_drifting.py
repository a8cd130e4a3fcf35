"""Quantiles and shares of a model's outputs, worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard import drifting
from dashboard.drifting import LEAST, Share, begin, cell, drift
from db.drift import Headline, Output

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
MONDAY = date(2026, 3, 2)


def _head(value: float, code: str = "MORT30D") -> Headline:
    return Headline(code=code, name="Mortality", unit="%", value=value)


def _output(number: int, value: float | None = 1.0, **changes: Any) -> Output:
    values = {
        "study_instance_uid": f"1.2.{number}", "version": "1", "at": AT,
        "code": None if value is not None else "rotated",
        "headline": None if value is None else _head(value), "high": None, "out_of_distribution": None,
        "manufacturer": "ACME", "scanner": "Ray",
    }  # fmt: skip
    return Output(**{**values, **changes})


def _valued(values: Sequence[float]) -> list[Output]:
    return [_output(number, value) for number, value in enumerate(values)]


def test_quantiles_by_hand() -> None:
    """0, 1, ... 20: of 21 values the quantile q lies at 20 q."""
    spread = cell(_valued([float(value) for value in range(21)]), "MORT30D").spread
    assert spread is not None
    assert (spread.p5, spread.p25, spread.p50, spread.p75, spread.p95) == (1, 5, 10, 15, 19)
    assert spread.mean == 10


def test_between_two_values_it_is_linear() -> None:
    """19 times 0 and once 100: 0.95 lies at place 18.05 of 0..19, a twentieth of the way from 0 to 100."""
    spread = cell(_valued([0.0] * 19 + [100.0]), "MORT30D").spread
    assert spread is not None
    assert spread.p95 == pytest.approx(5.0)
    assert (spread.p75, spread.mean) == (0.0, 5.0)


def test_no_quantile_and_no_share_below_the_least() -> None:
    few = cell(_valued([1.0] * (LEAST - 1)), "MORT30D")
    assert few.spread is None
    assert (few.studies, few.evaluable) == (19, 19)
    assert few.not_evaluable.percent is None
    assert Share(part=1, whole=LEAST).percent == 5.0
    assert Share(part=0, whole=0).percent is None


def test_shares_by_hand() -> None:
    outputs = [
        *(_output(k, 50.0, high=True, out_of_distribution=1.5) for k in range(5)),
        *(_output(k, 5.0, high=False, out_of_distribution=1.0) for k in range(5, 20)),
        *(_output(k, 5.0) for k in range(20, 25)),  # without a stratum and a distance
        *(_output(k, None) for k in range(25, 28)),
        *(_output(k, None, code="cut-off") for k in range(28, 32)),
    ]
    found = cell(outputs, "MORT30D")
    assert (found.studies, found.evaluable) == (32, 25)
    assert found.positive == Share(part=5, whole=20)
    assert found.positive.percent == 25.0
    assert found.beyond == Share(part=5, whole=20), "1 is not beyond 1"
    assert found.not_evaluable == Share(part=7, whole=32)
    assert found.not_evaluable.percent == 21.875
    assert list(found.codes.items()) == [("cut-off", 4), ("rotated", 3)]


def test_weeks_begin_on_monday_and_the_last_is_this_one() -> None:
    since = begin(AT, 4)
    assert since.astimezone().date() == MONDAY - timedelta(weeks=3)
    assert (since.astimezone().hour, since.astimezone().minute) == (0, 0)
    outputs = [_output(1), _output(2), _output(3, at=AT - timedelta(weeks=2))]
    found = drift(outputs, since=since, weeks=4)
    assert [(monday, one.studies) for monday, one in found.weeks] == [
        (date(2026, 2, 9), 0), (date(2026, 2, 16), 1), (date(2026, 2, 23), 0), (MONDAY, 2)
    ]  # fmt: skip
    assert found.whole.studies == 3


def test_of_a_study_the_newest_result_counts() -> None:
    again = [_output(1, 10.0), _output(1, 90.0, at=AT + timedelta(hours=1), version="2")]
    found = drift(again[::-1], since=begin(AT, 4), weeks=4)
    assert (found.whole.studies, found.versions) == (1, {"2": 1})


def test_another_headline_is_counted_and_not_mixed_in() -> None:
    old = [_output(100 + k, headline=_head(99.0, "OLD")) for k in range(3)]
    found = drift([*_valued([1.0] * 20), *old], since=begin(AT, 4), weeks=4)
    assert found.headline is not None
    assert (found.headline.code, found.others) == ("MORT30D", 3)
    assert found.whole.spread is not None
    assert (found.whole.spread.p95, found.whole.evaluable) == (1.0, 23)


def test_scanners_the_busiest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifting, "SCANNERS", 2)
    outputs = [_output(k) for k in range(3)]
    outputs += [_output(10 + k, manufacturer="", scanner="", at=AT - timedelta(weeks=k)) for k in range(2)]
    outputs += [_output(20, manufacturer="Other", scanner="")]
    found = drift(outputs, since=begin(AT, 4), weeks=4)
    assert [(item.name, item.whole.studies) for item in found.scanners] == [
        ("ACME Ray", 3),
        ("not told by its images", 2),
    ]
    assert [(monday, one.studies) for monday, one in found.scanners[1].weeks] == [
        (MONDAY - timedelta(weeks=1), 1),
        (MONDAY, 1),
    ]
    assert found.further_scanners == 1


def test_nothing_yet() -> None:
    found = drift([], since=begin(AT, 4), weeks=4)
    assert (found.headline, found.others, found.scanners, len(found.weeks)) == (None, 0, (), 4)
