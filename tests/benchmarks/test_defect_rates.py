import pytest

from benchmarks import defect_rates
from benchmarks.defect_rates import rates
from tests.acceptance.quality.suite import BY_MODEL

CAP = "cap_mortality_cxr"


def test_a_row_for_each_defect_that_pixels_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"upside down", "blurred by motion", "another modality (MR)"}
    some = tuple(row for row in BY_MODEL[CAP] if row.name in names)
    assert len(some) == 3
    monkeypatch.setattr(defect_rates, "BY_MODEL", {CAP: some})
    assert list(rates(CAP, 1))[2:] == [
        "| upside down | 1 | 1 | 1 `not-a-frontal-chest` |",
        "| blurred by motion | 1 | 0 | 1 `read` |",
    ]
