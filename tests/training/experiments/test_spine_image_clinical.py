from pathlib import Path

import pytest

from training.experiments.spine_image_clinical import pairs, run


def test_the_papers_comparisons() -> None:
    assert ("deepsurv_image_m2", "cox_m2") in pairs()
    assert ("deepsurv_image_m3", "deepsurv_m3") in pairs()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_runs_through(tmp_path: Path) -> None:
    found = {name: float(value) for name, value in run(tmp_path, scale="tiny").items()}
    assert found["test_events"] > 60
    for name in ("cox_m1", "deepsurv_m3", "image", "oracle"):
        assert found[f"c_{name}_low"] <= found[f"c_{name}"] <= found[f"c_{name}_high"]
    assert found["efficiency_oracle"] == 1
    difference = found["c_deepsurv_image_m3"] - found["c_cox_m3"]
    assert found["deepsurv_image_m3_minus_cox_m3"] == pytest.approx(difference)
    assert (tmp_path / "results.json").is_file()
