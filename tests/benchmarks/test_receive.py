from pathlib import Path

import pytest

from benchmarks.receive import Load, _summary, measure


@pytest.mark.slow
def test_everything_is_stored_and_counted(tmp_path: Path) -> None:
    result = measure(tmp_path, Load(instances=5, kilobytes=64, associations=2))
    assert (result.instances, result.associations) == (5, 2)
    assert 0 < result.median_milliseconds <= result.slowest_milliseconds
    assert result.megabytes_per_second == pytest.approx(result.objects_per_second * 0.064)
    stored = [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]
    assert len(stored) == 5
    assert all(path.stat().st_size > 64 * 1024 for path in stored)


def test_figures() -> None:
    load = Load(instances=4, kilobytes=500, associations=2)
    result = _summary(load, [[10.0, 11.0, 12.0], [10.5, 11.0, 14.0]])
    assert result.objects_per_second == 1.0
    assert result.megabytes_per_second == 0.5
    assert result.median_milliseconds == 2000
    assert result.slowest_milliseconds == 3000


def test_a_missing_object_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="not all of 2 objects"):
        _summary(Load(instances=2, kilobytes=1, associations=1), [[]])
