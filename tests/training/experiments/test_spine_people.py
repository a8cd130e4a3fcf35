import json
from pathlib import Path

import numpy as np

from models.spine_fracture_xr.preprocess import View
from tests.training.spine_people import cohort
from training.experiments.spine_people import TIERS, one_life, repeated, seen, write_results


def test_one_budget_at_each_scale() -> None:
    assert set(TIERS) == {"tiny", "full"}
    assert TIERS["full"].films > 1


def test_lives_and_their_people_stay_in_order() -> None:
    people = cohort()
    shown = seen(people, "test", View(size=48), count=3, seed=0)
    assert shown.times.shape == (3, 6)
    assert shown.events.mean() > 0.5  # followed to the end
    assert one_life(shown).times.shape == (1, 6)
    np.testing.assert_array_equal(repeated(people.lp, shown), np.tile(people.lp, 3))
    again = seen(people, "test", View(size=48), count=3, seed=0)
    np.testing.assert_array_equal(shown.pictures, again.pictures)


def test_results_are_written(tmp_path: Path) -> None:
    write_results(tmp_path / "new", {"c": 0.5})
    assert json.loads((tmp_path / "new" / "results.json").read_text(encoding="utf-8")) == {"c": 0.5}
