from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import reading
from benchmarks.reading import SERIES, Series, measure, write


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.name)
def test_both_ways_are_timed_and_give_the_same(series: Series, tmp_path: Path) -> None:
    seconds = measure(replace(series, slices=3), tmp_path, rounds=2)
    assert {name: len(found) for name, found in seconds.items()} == {"pydicom": 2, "Opportune": 2}
    assert min(min(found) for found in seconds.values()) > 0


def test_volumes_that_differ_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "by_pydicom", lambda paths: reading.by_us(paths) + np.float32(1))
    with pytest.raises(ValueError, match="the volumes differ"):
        measure(replace(SERIES[0], slices=3), tmp_path, rounds=1)


def test_compressed_slices_are_smaller(tmp_path: Path) -> None:
    sizes = []
    for number, series in enumerate(SERIES):
        (tmp_path / str(number)).mkdir()
        sizes.append(write(replace(series, slices=1), tmp_path / str(number))[0].stat().st_size)
    assert sizes[0] > 2 * max(sizes[1:])
