from pathlib import Path

import numpy as np
import pytest

from models.patches import VARIANTS
from training.experiments.preprocessing_variants import FIGURES, SENSITIVITY, _figures, run


def test_figures_by_hand() -> None:
    event = np.array([True] * 10 + [False] * 90)
    score = np.r_[np.arange(10) + 50.5, np.arange(90)].astype(float)
    auroc, specificity, ppv, npv, sensitivity = _figures([score], event, np.arange(100))
    assert sensitivity == pytest.approx(0.7)  # the first share of ten that reaches the paper's
    assert sensitivity >= SENSITIVITY
    assert specificity == pytest.approx(54 / 90)  # events from 53.5 up are called, and the others from 54 up
    assert ppv == pytest.approx(7 / 43)
    assert npv == pytest.approx(54 / 57)
    assert auroc == pytest.approx(np.mean([(score[10:] < s).mean() for s in score[:10]]))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_runs_through(tmp_path: Path) -> None:
    found = run(tmp_path, scale="tiny")
    for variant in (*VARIANTS, "oracle"):
        for figure in FIGURES:
            assert 0 <= float(found[f"{figure}_{variant}"]) <= 1
    assert found["auroc_patches_L1L5_minus_full_L1L5"] == pytest.approx(
        float(found["auroc_patches_L1L5"]) - float(found["auroc_full_L1L5"])
    )
    assert (tmp_path / "results.json").is_file()
