from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from training.cohorts.drawing import draw_rows, kept


def _square(seed: int) -> tuple[int, int]:
    return seed, seed * seed


def test_rows_come_in_the_order_of_their_seeds_however_many_make_them() -> None:
    seen: list[tuple[int, int]] = []
    seeds = np.arange(40, 5, -1)
    alone = draw_rows(seeds, _square, progress=lambda done, total: seen.append((done, total)))
    together = draw_rows(seeds, _square, workers=2)
    assert alone == together == [(n, n * n) for n in range(40, 5, -1)]
    assert seen[-1] == (35, 35)


def test_what_is_kept_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> Mapping[str, npt.NDArray[np.float32]]:
        made.append("again")
        return {"values": np.arange(5, dtype=np.float32)}

    first = kept(tmp_path / "cohorts", "phantom 1, seed 3", make)
    second = kept(tmp_path / "cohorts", "phantom 1, seed 3", make)
    np.testing.assert_array_equal(first["values"], second["values"])
    assert len(made) == 1
    kept(tmp_path / "cohorts", "phantom 1, seed 4", make)
    kept(None, "phantom 1, seed 3", make)
    assert len(made) == 3


def test_an_interrupted_making_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        kept(tmp_path, "a name", lambda: {"objects": np.array([object()])})
    assert list(tmp_path.iterdir()) == []
