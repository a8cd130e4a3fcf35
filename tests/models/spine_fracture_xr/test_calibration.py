import numpy as np
import pytest

from models.breslow import Baseline
from models.spine_fracture_xr.calibration import Calibration

BASELINE = Baseline(times=(0.5, 2.0, 4.0), cumulative_hazard=(0.01, 0.03, 0.06), follow_up=6.0)
CALIBRATION = Calibration(slope=2.0, baseline=BASELINE, quantiles=(-1.0, 0.0, 3.0))


def test_risk_by_hand() -> None:
    risk = CALIBRATION.risk(np.array([0.0, 0.5]))
    assert risk.shape == (2, 3)
    assert risk[0].tolist() == pytest.approx([1 - np.exp(-h) for h in (0.01, 0.03, 0.06)])
    assert risk[1, 2] == pytest.approx(1 - np.exp(-0.06 * np.e))
    assert (np.diff(risk, axis=1) > 0).all()
    assert CALIBRATION.risk(np.zeros(0)).shape == (0, 3)


def test_percentile_is_the_place_among_the_reference() -> None:
    assert CALIBRATION.percentile(np.array([-5.0, -0.5, 0.0, 1.5, 9.0])).tolist() == [0, 25, 50, 75, 100]


def test_a_horizon_beyond_the_follow_up_is_refused() -> None:
    with pytest.raises(ValueError, match="follow-up"):
        CALIBRATION.risk(np.zeros(1), (10.0,))


def test_a_calibration_survives_its_table() -> None:
    assert Calibration.from_table(CALIBRATION.to_table()) == CALIBRATION
    for broken in ({}, CALIBRATION.to_table() | {"slope": "2"}, CALIBRATION.to_table() | {"quantiles": [1, "2"]}):
        with pytest.raises(ValueError, match=r"calibration|quantiles"):
            Calibration.from_table(broken)
    with pytest.raises(ValueError, match="fall"):
        Calibration(slope=1.0, baseline=BASELINE, quantiles=(1.0, 0.0))
    with pytest.raises(ValueError, match="finite"):
        Calibration(slope=float("nan"), baseline=BASELINE, quantiles=(0.0, 1.0))
