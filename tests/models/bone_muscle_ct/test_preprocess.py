"""Slices of a volume and the network's input."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from models.bone_muscle_ct.layout import Layout
from models.bone_muscle_ct.preprocess import (
    KNOTS_HU,
    Among,
    coarsen,
    cut,
    decode,
    dilate,
    encode,
    nearest,
    network_input,
)

LAYOUT = Layout(heights=(-10.0, float("nan"), 10.0), centre=(5.0, -3.0))


def ramp(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """A volume whose HU is x + 2 y + 3 z of patient coordinates."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    place = affine @ np.stack([x, y, z, np.ones_like(x)]).reshape(4, -1)
    return np.asarray((place[0] + 2 * place[1] + 3 * place[2]).reshape(shape), np.float32)


def affine(spacing: tuple[float, float, float], origin: tuple[float, float, float]) -> np.ndarray:
    out = np.diag([*spacing, 1.0])
    out[:3, 3] = origin
    return out


def test_masks_are_sampled_as_the_usual_way_does_it_from_as_few_slices_as_it_takes() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        labels = rng.integers(0, 3, rng.integers(1, 12, 3)).astype(np.uint8)
        at = rng.uniform(-2, 13, (3, 4, 5, 6))
        at[:, :2] = np.round(at[:, :2] * 2) / 2
        mask = np.isin(labels, (1, 2)).astype(np.uint8)
        usual = ndimage.map_coordinates(mask, at, order=0, mode="constant", prefilter=False)
        assert np.array_equal(nearest(at, Among(labels, (1, 2))), usual > 0)


def test_codes_keep_hu_to_half_a_step() -> None:
    hu = np.linspace(-150, 900, 2101).astype(np.float32)
    error = np.abs(decode(torch.from_numpy(encode(hu))).numpy() - hu)
    assert error[hu <= 250].max() <= 1.26
    assert error.max() <= 3.5
    assert encode(np.array([-1024.0, 3071.0])).tolist() == [0, 255]


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (0.8, 0.8, 1.0), (1.0, 1.0, 5.0)])
def test_a_slice_shows_what_lies_at_its_place(spacing: tuple[float, float, float]) -> None:
    where = affine(spacing, (-60.0, -60.0, -40.0))
    z, y, x = (int(n / s) for n, s in zip((80.0, 120.0, 120.0), spacing[::-1], strict=True))
    hu = ramp(where, (z, y, x))
    mask = hu > 0
    stack = cut(hu, where, LAYOUT, bone=mask, muscle=~mask, size=16, pixel=4.0)
    assert stack.present.tolist() == [True, False, True]
    axis = (np.arange(16) - 7.5) * 4.0
    for k, height in ((0, -10.0), (2, 10.0)):
        wanted = 5.0 + axis[None, :] + 2 * (-3.0 + axis[:, None]) + 3 * height
        found = decode(torch.from_numpy(stack.pictures[k])).numpy()
        inside = (wanted > -140) & (wanted < 200)
        assert np.abs(found - wanted)[inside].max() < 3.5
        sure = np.abs(wanted) > 20
        assert (stack.bone[k] == (wanted > 0))[sure].all()
        assert (stack.muscle[k] != stack.bone[k])[sure].all()
    assert not stack.pictures[1].any()


def test_an_axis_may_run_the_other_way() -> None:
    where = affine((2.0, 2.0, 2.0), (-60.0, -60.0, -40.0))
    hu = ramp(where, (40, 60, 60))
    turned = where.copy()
    turned[0, 0], turned[0, 3] = -2.0, -60.0 + 2.0 * 59
    none = np.zeros(hu.shape, np.bool_)
    first = cut(hu, where, LAYOUT, bone=none, muscle=none, size=8, pixel=4.0)
    second = cut(np.ascontiguousarray(hu[:, :, ::-1]), turned, LAYOUT, bone=none, muscle=none, size=8, pixel=4.0)
    np.testing.assert_array_equal(first.pictures, second.pictures)


def test_outside_of_the_volume_is_nothing() -> None:
    where = affine((2.0, 2.0, 2.0), (0.0, 0.0, -40.0))
    hu = np.full((40, 20, 20), 100.0, np.float32)
    whole = np.ones(hu.shape, np.bool_)
    stack = cut(hu, where, LAYOUT, bone=whole, muscle=whole, size=16, pixel=4.0)
    assert stack.pictures[0, 0, 0] == 0
    assert not stack.bone[0, 0, 0]
    assert stack.bone[0, 10, 8]


def test_masks_must_fit() -> None:
    hu = np.zeros((4, 4, 4), np.float32)
    with pytest.raises(ValueError, match="masks must be"):
        cut(hu, np.eye(4), LAYOUT, bone=hu[:2] > 0, muscle=hu > 0, size=8, pixel=4.0)


def test_coarse_pixels_are_means() -> None:
    fine = np.arange(32, dtype=np.float32).reshape(2, 4, 4)
    np.testing.assert_allclose(coarsen(fine, 2)[0], [[2.5, 4.5], [10.5, 12.5]])


def test_only_bone_and_its_rim_are_left_when_asked() -> None:
    pictures = torch.full((1, 1, 9, 9), int(encode(np.array([50.0]))[0]), dtype=torch.uint8)
    bone, muscle = torch.zeros(2, 1, 1, 9, 9, dtype=torch.bool)
    bone[..., 4, 4] = True
    muscle[..., 0, 0] = True
    both = network_input(pictures, bone, muscle, pixel=4.0, bone_only=False)
    alone = network_input(pictures, bone, muscle, pixel=4.0, bone_only=True)
    assert both.shape == (1, 1, 3, 9, 9)
    assert torch.count_nonzero(both[0, 0, 0]) == 10
    assert torch.count_nonzero(alone[0, 0, 0]) == 9
    assert both[0, 0, 0, 4, 4] == pytest.approx(150 / 1000, abs=2e-3)
    assert both[0, 0, 1, 0, 0] == pytest.approx(200 / 400, abs=4e-3)
    assert torch.equal(both[0, 0, 2], bone[0, 0].float())


def test_the_rim_is_as_wide_in_millimetres() -> None:
    bone = torch.zeros(1, 1, 15, 15, dtype=torch.bool)
    bone[..., 7, 7] = True
    assert int(dilate(bone, 3).sum()) == 49
    picture = torch.full((1, 1, 15, 15), 100, dtype=torch.uint8)
    seen = network_input(picture, bone, torch.zeros_like(bone), pixel=1.0, bone_only=True)
    assert torch.count_nonzero(seen[0, 0, 1]) == 49
    assert KNOTS_HU[0] == -150
