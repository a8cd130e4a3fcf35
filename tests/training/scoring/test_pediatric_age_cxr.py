from pathlib import Path

import numpy as np
import pytest

import models
from screening.errors import ConfigurationError
from tests.training.fitting.age_cohorts import discs
from training.scoring.pediatric_age_cxr import score

BUNDLE = Path(models.__file__).parent / "pediatric_age_cxr" / "bundle"


def test_a_cohort_is_scored_row_by_row() -> None:
    cohort, told = discs(35, size=160), list[tuple[str, int, int]]()
    scored = score(BUNDLE, cohort, name="external", progress=lambda *step: told.append(step))
    assert (scored.model_name, scored.name) == ("pediatric_age_cxr", "external")
    assert told == [("score", 32, 35), ("score", 35, 35)]
    assert tuple(scored.patient_id) == cohort.patients
    np.testing.assert_allclose(scored.values["true_months"], cohort.months)
    np.testing.assert_allclose(scored.values["oracle"], cohort.oracle)
    assert (scored.values["lower"] <= scored.values["upper"]).all()
    assert set(scored.groups["sex"]) == {"M", "F"}
    assert set(scored.groups["age_band"]) <= {"0-1", "1-3", "3-6", "6-10", "10-14", "14-18"}
    alone = score(BUNDLE, cohort.take([34]))
    assert alone.values["months"][0] == pytest.approx(scored.values["months"][34], abs=1e-3)


@pytest.mark.parametrize("cohort", [discs(2, size=64), discs(2, size=160).take([])])
def test_smaller_pictures_and_nobody_are_refused(cohort: object) -> None:
    with pytest.raises(ConfigurationError, match="pictures of 128 pixels"):
        score(BUNDLE, cohort)  # type: ignore[arg-type]
