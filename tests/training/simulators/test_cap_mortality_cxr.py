from pathlib import Path

import pydicom
import pytest

from tests.training.simulators.run import digests, run
from training.phantoms.chest.phantom import make_phantom
from training.simulators import cap_mortality_cxr


def test_labels_are_the_phantoms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_mortality_cxr, "LONGEST_SIDE", 128)
    (row,) = run(tmp_path / "a", cap_mortality_cxr.COLUMNS, cap_mortality_cxr.write)
    phantom = make_phantom(300_000, longest_side=128)
    assert float(row["extent"]) == pytest.approx(phantom.truth.extent, abs=1e-4)
    assert float(row["risk"]) == pytest.approx(phantom.outcome.risk, abs=1e-4)
    assert row["died"] == str(int(phantom.outcome.died))
    ds = pydicom.dcmread(tmp_path / "a" / row["file"])
    assert (ds.StudyDescription, ds.ViewPosition) == ("Chest, pneumonia", row["view"])
    run(tmp_path / "b", cap_mortality_cxr.COLUMNS, cap_mortality_cxr.write)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
