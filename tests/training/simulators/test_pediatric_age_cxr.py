from pathlib import Path

import pydicom
import pytest

from tests.training.simulators.run import digests, run
from training.phantoms.child.phantom import make_child, oracle_age
from training.simulators import pediatric_age_cxr


def test_labels_are_the_phantoms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pediatric_age_cxr, "LONGEST_SIDE", 128)
    (row,) = run(tmp_path / "a", pediatric_age_cxr.COLUMNS, pediatric_age_cxr.write)
    phantom = make_child(300_000, longest_side=128)
    assert float(row["age_months"]) == pytest.approx(phantom.months, abs=0.01)
    assert float(row["oracle_months"]) == pytest.approx(oracle_age(phantom.truth), abs=0.01)
    assert pydicom.dcmread(tmp_path / "a" / row["file"]).PatientSex == row["sex"]
    run(tmp_path / "b", pediatric_age_cxr.COLUMNS, pediatric_age_cxr.write)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
