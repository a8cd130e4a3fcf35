from pathlib import Path

import numpy as np
import pytest

from models.ssc_ild_mortality_ct.reader import load_reader
from tests.models.ssc_ild_mortality_ct.test_reader import write
from tests.training.ild import make_cohort
from training.cohorts.ssc_ild_mortality_ct import IldCohort
from training.scoring.ssc_ild_mortality_ct import TOGETHER, score


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("scoring"))


@pytest.fixture(scope="module")
def cohort() -> IldCohort:
    return make_cohort(TOGETHER + 4, size=32, slices=4)


def test_columns(bundle: Path, cohort: IldCohort) -> None:
    seen: list[tuple[str, int, int]] = []
    told = score(bundle, cohort, progress=lambda *step: seen.append(step))
    years = range(1, 6)
    assert set(told.values) == {
        "time", "event", "extent", "oracle", "distance",
        *(f"{part}_{year}" for part in ("risk", "resnet18", "swin", "radiomics") for year in years),
    }  # fmt: skip
    assert len(told) == len(cohort)
    assert told.model_name == "ssc_ild_mortality_ct"
    assert seen == [("scoring", TOGETHER, TOGETHER + 4), ("scoring", TOGETHER + 4, TOGETHER + 4)]
    assert told.values["oracle"] == pytest.approx(cohort.lp)
    assert set(told.groups) == {"sex", "vendor", "age_band"}
    assert set(told.groups["age_band"]) == {"55 to < 65"}


def test_the_risks_are_the_readers(bundle: Path, cohort: IldCohort) -> None:
    told = score(bundle, cohort)
    reading = load_reader(bundle).read(cohort.images, cohort.features.astype(np.float64))
    assert told.values["risk_3"] == pytest.approx(reading.risk[:, 2], abs=1e-6)
    assert told.values["radiomics_1"] == pytest.approx(reading.risks["radiomics"][:, 0])


def test_nobody(bundle: Path, cohort: IldCohort) -> None:
    told = score(bundle, cohort.take(np.zeros(0, np.int64)))
    assert len(told) == 0


def test_a_sites_patients_have_no_oracle_and_may_have_no_age(bundle: Path) -> None:
    real = make_cohort(6, size=32, slices=4, real=True)
    real.age[:] = np.nan
    told = score(bundle, real)
    assert np.isnan(told.values["oracle"]).all()
    assert set(told.groups["age_band"]) == {""}
