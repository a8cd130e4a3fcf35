"""The small parts of the reader; loading and reading are tested with the recipe that writes bundles."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.layout import LEVELS, PLACES
from models.bone_muscle_ct.network import BoneMuscleNet
from models.bone_muscle_ct.reader import load_reader, network_levels
from screening.errors import WeightsMismatch


def test_a_level_is_there_if_one_of_its_slices_is() -> None:
    net = BoneMuscleNet(width=0.25, hidden=8)
    present = torch.zeros(2, len(PLACES), dtype=torch.bool)
    present[0] = True
    first_l3 = next(k for k, (level, _) in enumerate(PLACES) if level == "L3")
    present[1, first_l3] = True
    there = network_levels(present, net)
    assert there[0].all()
    np.testing.assert_array_equal(there[1], [level == "L3" for level in LEVELS])


def test_no_bundle_no_reader(tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatch, match="model card"):
        load_reader(tmp_path)
