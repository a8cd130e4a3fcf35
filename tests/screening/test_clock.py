from datetime import UTC, datetime, timedelta

from screening.clock import now


def test_now_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    moment = now()
    assert moment.utcoffset() == timedelta(0)
    assert before <= moment <= datetime.now(UTC)
