from dataclasses import replace

import numpy as np
import pytest

from models import registry
from models.cap_mortality_cxr.reader import load_reader
from training.cohorts.cap_mortality_cxr import CapCohort, simulate
from training.scoring.cap_mortality_cxr import score

BUNDLE = registry.bundle("cap_mortality_cxr")


@pytest.fixture(scope="module")
def cohort() -> CapCohort:
    return simulate("external", 5, size=128)


def test_every_column_of_the_layout_is_there(cohort: CapCohort) -> None:
    scored = score(BUNDLE, cohort)
    assert set(scored.values) == {"died", "risk", "curb65", "oracle", "combined"}
    assert scored.model_name == "cap_mortality_cxr"
    assert ((scored.values["risk"] > 0) & (scored.values["risk"] < 1)).all()
    x = np.log(scored.values["risk"] / (1 - scored.values["risk"]))
    both = load_reader(BUNDLE).combination
    assert both is not None
    wanted = 1 / (1 + np.exp(-(both.intercept + both.log_odds * x + both.curb65 * scored.values["curb65"])))
    np.testing.assert_allclose(scored.values["combined"], wanted)


def test_batches_do_not_matter(cohort: CapCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score(BUNDLE, cohort).values["risk"]
    monkeypatch.setattr("training.scoring.cap_mortality_cxr.BATCH", 2)
    told: list[tuple[str, int, int]] = []
    parts = score(BUNDLE, cohort, progress=lambda *step: told.append(step)).values["risk"]
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    assert told == [("scoring", 2, 5), ("scoring", 4, 5), ("scoring", 5, 5)]


def test_a_picture_that_is_no_upright_chest_is_a_bad_row(cohort: CapCohort) -> None:
    gate = np.stack([
        np.array(np.round(np.clip(square, 0, 1) * 65535), np.uint16)
        for square in (cohort.images / 65535)[:, ::2, ::2].astype(np.float32)
    ])  # fmt: skip
    gate[1] = gate[1][::-1]
    scored = score(BUNDLE, replace(cohort, gate=gate))
    assert len(scored) == 4
    assert [str(row) for row in scored.bad] == [
        "line 2: images not-a-frontal-chest: does not look like an upright frontal chest"
    ]
