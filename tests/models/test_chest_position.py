import csv
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from models import chest_position
from models.chest_position import (
    CUT_THRESHOLD,
    MIRRORED_NOTE,
    MIRRORED_THRESHOLD,
    Position,
    PositionNet,
    check_whole,
    position_net,
    position_notes,
    position_of,
    squeezed,
)
from screening.errors import WeightsMismatch
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.child.phantom import make_child

Array = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def net() -> PositionNet:
    return position_net()


def cut(pixels: Array) -> list[Array]:
    """Without its lower, upper, left and right third."""
    rows, columns = (side // 3 for side in pixels.shape)
    return [pixels[:-rows], pixels[rows:], pixels[:, columns:], pixels[:, :-columns]]


def test_the_weights_are_those_that_the_program_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not position_net().training
    monkeypatch.setattr(chest_position, "SHA256", "0" * 64)
    with pytest.raises(WeightsMismatch, match="the check of the chest's position"):
        position_net()


def test_the_shape_of_a_picture_says_nothing() -> None:
    wide = np.linspace(0, 1, 300 * 150, dtype=np.float32).reshape(150, 300)
    assert squeezed(wide).shape == (64, 64)
    assert squeezed(wide).min() >= 0
    assert squeezed(wide).max() <= 1


def test_what_lacks_a_part_is_refused_and_a_wrong_side_remarked_on() -> None:
    assert check_whole(Position(cut_off=CUT_THRESHOLD - 0.1, mirrored=9.0)) is None
    refusal = check_whole(Position(cut_off=CUT_THRESHOLD, mirrored=0.0))
    assert refusal is not None
    assert refusal.code == "chest-cut-off"
    assert position_notes(Position(cut_off=0.0, mirrored=MIRRORED_THRESHOLD)) == (MIRRORED_NOTE,)
    assert position_notes(Position(cut_off=0.0, mirrored=MIRRORED_THRESHOLD - 0.1)) == ()


def test_simulated_chests_are_told_from_those_cut_off_or_mirrored(net: PositionNet) -> None:
    """docs/quality-control.md has the figures; here are 8 of each."""
    pictures = [
        make(seed, longest_side=192).pixels for make in (make_phantom, make_child) for seed in range(2000, 2008)
    ]
    whole = [position_of(net, pixels) for pixels in pictures]
    assert max(position.cut_off for position in whole) < CUT_THRESHOLD
    assert max(position.mirrored for position in whole) < MIRRORED_THRESHOLD
    parts = [position_of(net, np.ascontiguousarray(part)).cut_off for pixels in pictures for part in cut(pixels)]
    assert np.mean(np.array(parts) >= CUT_THRESHOLD) >= 0.8
    mirrored = [position_of(net, np.ascontiguousarray(pixels[:, ::-1])).mirrored for pixels in pictures]
    assert np.mean(np.array(mirrored) >= MIRRORED_THRESHOLD) >= 0.8


def unseen(real_data: Path) -> list[Array]:
    """Every third real chest of patients that did not teach the network (odd first byte of the SHA-256 of their id)."""
    with (real_data / "cxr_age" / "cxr_age.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if hashlib.sha256(r["patient_id"].encode()).digest()[0] % 2]
    paths = [real_data / "cxr_age" / row["file"] for row in rows][::3]
    return [np.asarray(Image.open(path).convert("L"), np.float32) / np.float32(255) for path in paths]


@pytest.mark.real_data
def test_real_chests_of_unseen_patients(net: PositionNet, real_data: Path) -> None:
    pictures = unseen(real_data)
    assert len(pictures) > 100
    whole = [position_of(net, pixels) for pixels in pictures]
    assert np.mean([position.cut_off >= CUT_THRESHOLD for position in whole]) <= 0.03
    assert np.mean([position.mirrored >= MIRRORED_THRESHOLD for position in whole]) <= 0.03
    parts = [position_of(net, np.ascontiguousarray(part)).cut_off for pixels in pictures for part in cut(pixels)]
    assert np.mean(np.array(parts) >= CUT_THRESHOLD) >= 0.8
    mirrored = [position_of(net, np.ascontiguousarray(pixels[:, ::-1])).mirrored for pixels in pictures]
    assert np.mean(np.array(mirrored) >= MIRRORED_THRESHOLD) >= 0.6


def test_two_log_odds_for_each_picture() -> None:
    torch.manual_seed(0)
    assert PositionNet().eval()(torch.rand(3, 1, 64, 64)).shape == (3, 2)
