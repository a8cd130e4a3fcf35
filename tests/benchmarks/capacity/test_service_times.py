"""Times of jobs are drawn as they were measured."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.capacity.service_times import ServiceTime, load
from models import registry


def test_draws_have_the_median_and_the_95th_percentile() -> None:
    drawn = ServiceTime(median=4.0, p95=10.0).draw(np.random.default_rng(0), 200_000)
    assert np.median(drawn) == pytest.approx(4, rel=0.02)
    assert np.percentile(drawn, 95) == pytest.approx(10, rel=0.02)
    assert drawn.mean() == pytest.approx(ServiceTime(median=4.0, p95=10.0).mean, rel=0.02)


@pytest.mark.parametrize(("median", "p95"), [(0, 1), (-1, 1), (2, 1)])
def test_times_that_are_none_are_refused(median: float, p95: float) -> None:
    with pytest.raises(ValueError, match="median must be above 0"):
        ServiceTime(median=median, p95=p95)


def test_the_file_has_every_shipped_model(tmp_path: Path) -> None:
    measured = load()
    assert sorted(measured.models) == sorted(registry.names())
    assert all(item.runs > 0 for item in measured.models.values())
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"machine": "m", "models": {"x": {"median": 1, "p95": 2}}}))
    assert load(other).models == {"x": ServiceTime(median=1, p95=2)}
