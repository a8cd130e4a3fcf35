"""Scores of a cohort by a bundle whose reader is a stand-in; the whole chain is tested with the recipe."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.bone_muscle_ct.preprocess import Stack
from models.bone_muscle_ct.reader import Readings
from tests.training.cohorts.test_bone_muscle_data import cohort
from training.scoring import bone_muscle_ct as scoring


class Stub:
    """Says the mean code of a stack's slices."""

    def read(self, stacks: list[Stack]) -> Readings:
        level = np.array([stack.pictures.mean() / 255 for stack in stacks])
        years = level[:, None] * np.linspace(0.2, 1, 5)
        return Readings(
            risks=years, bone_risks=years / 2, fracture=level, levels=np.tile(level[:, None], 6),
            attention=np.full((len(stacks), 16), 1 / 16), distance=level,
        )  # fmt: skip


@pytest.fixture(autouse=True)
def _stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "load_reader", lambda _bundle, **_options: Stub())
    monkeypatch.setattr(scoring, "BATCH", 3)


def test_a_row_for_each_fate(tmp_path: Path) -> None:
    people = cohort(7, fates=2)
    scored = scoring.score(tmp_path, people)
    assert scored.patient_id.tolist() == [name for name in people.patients for _ in range(2)]
    wanted = people.pictures.mean((1, 2, 3)) / 255
    np.testing.assert_allclose(scored.values["risk_5"][::2], wanted)
    np.testing.assert_allclose(scored.values["bone_5"], scored.values["risk_5"] / 2)
    np.testing.assert_allclose(scored.values["time"], people.time.ravel())
    np.testing.assert_array_equal(scored.values["event"] > 0, people.event.ravel())
    np.testing.assert_allclose(scored.values["oracle"][1::2], people.lp)


def test_groups_of_people_whose_age_is_not_known(tmp_path: Path) -> None:
    people = cohort(3, fates=1)
    people.age[:] = [55.0, np.nan, 75.0]
    scored = scoring.score(tmp_path, replace(people, vendor=np.array(["Acme", "", "Acme"])))
    assert scored.groups["age_band"].tolist() == ["< 60", "", ">= 70"]
    assert scored.groups["vendor"].tolist() == ["Acme", "", "Acme"]
    assert scored.groups["sex"].tolist() == ["F", "M", "F"]


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[int] = []
    scoring.score(tmp_path, cohort(7), progress=lambda _stage, number, _total: seen.append(number))
    assert seen == [3, 6, 7]
