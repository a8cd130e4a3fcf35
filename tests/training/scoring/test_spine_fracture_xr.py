from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from models.spine_fracture_xr import reader as module
from models.spine_fracture_xr.keypoints import Located
from tests.training.fracture_bundle import write_untrained
from tests.training.spine_people import cohort
from training.scoring.spine_fracture_xr import score

COLUMNS = {"time", "event", "oracle", "frax", "image", "risk_1", "risk_3", "risk_5", "percentile", "distance"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("fracture") / "bundle")


def test_columns_and_who_is_left_out(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = cohort()

    def found(*_: object, **__: object) -> Located:
        peaks = np.ones((6, 5))
        peaks[2, 4] = 0.0  # no L5
        return Located(people.points.astype(np.float64), peaks)

    monkeypatch.setattr(module, "find", found)
    table = score(bundle, people)
    arms = {f"{kind}_{arm}" for kind in ("cox", "deepsurv", "deepsurv_image") for arm in ("m1", "m2", "m3")}
    assert COLUMNS | arms <= set(table.values)
    assert len(table) == 5
    assert [row.line for row in table.bad] == [2]
    assert "no vertebra is seen for L5" in str(table.bad[0])
    kept = np.array([0, 1, 3, 4, 5])
    np.testing.assert_array_equal(table.values["oracle"], people.lp[kept])
    np.testing.assert_array_equal(table.patient_id, people.patient_id[kept])
    assert set(table.groups) == {"sex", "age_band", "vendor"}
    assert not table.has("frax")
    assert np.isfinite(table.values["risk_5"]).all()


def test_a_network_that_knows_nothing_finds_nobody(bundle: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    table = score(bundle, cohort(), progress=lambda *now: seen.append(now))
    assert len(table) == 0
    assert len(table.bad) == 6
    assert seen == [("scoring", 6, 6)]


def test_the_oracle_is_nan_for_a_site(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = cohort()
    unknown: npt.NDArray[np.float64] = np.full(6, np.nan)
    monkeypatch.setattr(module, "find", lambda *_, **__: Located(people.points.astype(np.float64), np.ones((6, 5))))
    site = type(people)(**{**{f: getattr(people, f) for f in people.__dataclass_fields__}, "lp": unknown})
    assert not score(bundle, site).has("oracle")
