from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from screening.errors import ConfigurationError
from training.cohorts.chest import make_cohort
from training.fitting.frontal_gate import read_frontal, refused_pictures, train_gate
from training.request import silent


def test_a_few_steps_tell_chests_from_the_rest() -> None:
    chests, others = make_cohort("train", 24, size=64).images, refused_pictures(12)
    gate = train_gate(chests, others, steps=120, seed=0, progress=silent)
    fresh, strange = make_cohort("test", 16, size=64).images, refused_pictures(8, seed=1)
    with torch.no_grad():
        good = gate(torch.from_numpy(fresh)[:, None].float() / 255)
        bad = gate(torch.from_numpy(strange)[:, None].float() / 255)
    assert float(good.median()) > float(bad.median()) + 1.0


def test_pictures_of_a_folder_are_read_in_order(tmp_path: Path) -> None:
    for name, shade in (("b.png", 200), ("a.png", 100)):
        ramp = np.tile(np.arange(80, dtype=np.uint8), (100, 1)) + np.uint8(shade // 10)
        Image.fromarray(ramp).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    pictures = read_frontal(tmp_path)
    assert pictures.shape == (2, 64, 64)
    assert pictures.max() == 255
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ConfigurationError, match="holds no"):
        read_frontal(empty)
