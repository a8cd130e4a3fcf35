"""Log odds to probabilities."""

import json

import numpy as np
import pytest

from models.bone_muscle_ct.calibration import Calibration, Platt, YearlyPlatt


def test_platt() -> None:
    assert Platt(intercept=0.0, slope=1.0)([0.0, 2.0]) == pytest.approx([0.5, 0.8807970779778823])
    assert Platt(intercept=1.0, slope=0.0)([-50.0, 50.0]) == pytest.approx([0.7310585786300049] * 2)


def test_years_never_fall_even_if_intercepts_do() -> None:
    line = YearlyPlatt(intercepts=(0.0, -1.0, 1.0), slope=2.0)
    risks = line(np.array([[0.0, 0.1, 0.2]]))
    assert risks[0] == pytest.approx([0.5, 0.5, 0.8021838885585818])
    with pytest.raises(ValueError, match="must be"):
        line(np.zeros((1, 2)))


def test_it_reads_back_from_json() -> None:
    line = YearlyPlatt(intercepts=(0.1, 0.2, 0.3, 0.4, 0.5), slope=0.9)
    one = Calibration(both=line, bone=YearlyPlatt(intercepts=(1.0,) * 5, slope=1.1),
                      fracture=Platt(intercept=-1.0, slope=1.2), level=Platt(intercept=-2.0, slope=0.7))  # fmt: skip
    assert Calibration.of(json.loads(json.dumps(one.values()))) == one
    with pytest.raises(KeyError):
        Calibration.of({"hazard": {}})
