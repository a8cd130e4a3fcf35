from datetime import UTC, datetime, timedelta

import pytest

from screening import clock
from screening.clock import now


def test_now_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    moment = now()
    assert moment.utcoffset() == timedelta(0)
    assert before <= moment <= datetime.now(UTC)


def test_a_clock_that_is_set_does_not_move_the_steady_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.steady()
    assert abs(before - now()) < timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(days=1))
    assert timedelta(0) <= clock.steady() - before < timedelta(minutes=1)
