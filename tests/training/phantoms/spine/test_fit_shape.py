import csv
from pathlib import Path

import numpy as np
import pytest

from training.phantoms.spine.curve import shape_model
from training.phantoms.spine.fit_shape import LEVELS, fit, read_centres, write


def made_up(cases: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    size = rng.normal(35, 2, cases)[:, None]
    z = -size * np.arange(7)
    y = rng.normal(0, 10, cases)[:, None] * np.sin(np.arange(7) / 3)
    return np.stack([np.zeros_like(z), y, z], axis=2)


def write_csv(path: Path, centres: np.ndarray) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["split", "case", "level", "keypoint", "x_mm", "y_mm", "z_mm"])
        for number, case in enumerate(centres):
            for level, point in zip(LEVELS, case, strict=True):
                out.writerow(["Training", number, level, "body", *point])
            out.writerow(["Training", number, "", "left", 0, 0, 0])


def test_one_mode_is_found(tmp_path: Path) -> None:
    write_csv(tmp_path / "k.csv", made_up(60))
    centres = read_centres(tmp_path / "k.csv")
    assert centres.shape == (60, 7, 3)
    found = fit(centres, components=2)
    assert found["explained"] == pytest.approx(1.0, abs=1e-3)
    assert np.allclose(np.array(found["mean"])[4], 0)


def test_implausible_cases_are_left_out(tmp_path: Path) -> None:
    centres = made_up(10)
    centres[0, 3:, 2] -= 40  # a missed vertebra
    centres[1, :, 2] *= -1  # upside down
    write_csv(tmp_path / "k.csv", centres)
    assert len(read_centres(tmp_path / "k.csv")) == 8


@pytest.mark.real_data
def test_the_committed_parameters_come_from_the_real_keypoints(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "spine_xr" / "vid_ct_vertebra_keypoints.csv"
    write(source, tmp_path / "curve.json")
    import training.phantoms.spine.fit_shape as module

    committed = Path(module.__file__).with_name("curve.json")
    assert (tmp_path / "curve.json").read_text() == committed.read_text()
    model = shape_model()
    gaps = np.linalg.norm(np.diff(read_centres(source), axis=1), axis=2).mean(0)
    drawn = np.linalg.norm(np.diff(model.mean, axis=0), axis=1) * model.length[0]
    np.testing.assert_allclose(drawn, gaps, rtol=0.04)
