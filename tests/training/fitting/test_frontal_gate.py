from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from screening.errors import ConfigurationError
from training.cohorts.chest import make_cohort
from training.fitting.frontal_gate import read_frontal, refused_pictures, train_gate
from training.request import silent


@pytest.mark.slow
def test_a_few_steps_tell_chests_from_the_rest() -> None:
    chests, others = make_cohort("train", 24, size=64).images, refused_pictures(12)
    gate = train_gate(chests, others, steps=120, seed=0, progress=silent)
    fresh, strange = make_cohort("test", 16, size=64).images, refused_pictures(8, seed=1)
    with torch.no_grad():
        good = gate(torch.from_numpy(fresh)[:, None].float() / 255)
        bad = gate(torch.from_numpy(strange)[:, None].float() / 255)
    assert float(good.median()) > float(bad.median()) + 1.0


def test_pictures_of_a_folder_are_read_in_order(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(100, dtype=np.uint8), (100, 1))
    for name, pixels in (("b.png", ramp[:, ::-1]), ("a.png", ramp)):
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    first, second = read_frontal(tmp_path).astype(int)
    assert first.shape == second.shape == (64, 64)
    assert first[:, -1].min() > 240
    assert first[:, 0].max() < 20
    np.testing.assert_allclose(first[:, ::-1], second, atol=1)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ConfigurationError, match="holds no"):
        read_frontal(empty)
