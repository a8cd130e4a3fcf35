"""The network's shapes, its grid and the way back."""

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.segmentation import (
    AIR,
    BONES,
    GRID,
    LEVELS,
    MUSCLES,
    TISSUES,
    VERTEBRA_LABELS,
    SegmentationNet,
    body_box,
    classes_at,
    fold,
    grid_shape,
    infer,
    likeliest,
    resample,
    source_box,
    to_source,
    unfold,
    upsample,
    windows,
)


def test_tissues_are_background_bones_and_muscles() -> None:
    assert tuple(TISSUES[BONES]) == ("body", "arch", "sacrum")
    assert TISSUES[BONES.stop :] == MUSCLES
    assert len(LEVELS) == len(VERTEBRA_LABELS)


def test_unfold_is_the_inverse_of_fold() -> None:
    x = torch.randn(2, 3, 4, 6, 8)
    assert fold(x).shape == (2, 24, 2, 3, 4)
    assert torch.equal(unfold(fold(x)), x)


def test_network_answers_at_the_resolution_of_its_input() -> None:
    net = SegmentationNet((4, 8))
    assert net.multiple == 4
    assert net(torch.randn(1, 2, 8, 12, 16)).shape == (1, len(TISSUES), 8, 12, 16)


def test_shipped_width_fits_the_budget() -> None:
    assert sum(p.numel() for p in SegmentationNet().parameters()) < 2.1e6


def test_windows_run_from_minus_one_to_one() -> None:
    found = windows(torch.tensor([-1000.0, 50.0, 400.0, 3000.0]).reshape(1, 4, 1, 1))
    assert found.flatten().tolist() == pytest.approx([-1, 0, 1, 1, -1, -0.7, 0, 1])


def test_grid_covers_the_same_block() -> None:
    assert grid_shape((100, 512, 512), (5.0, 0.7, 0.7)) == (250, 179, 179)
    assert grid_shape((1, 1, 1), (0.5, 0.5, 0.5)) == (1, 1, 1)


@pytest.mark.parametrize("spacing", [(0.0, 1.0, 1.0), (float("nan"), 1.0, 1.0), (50.0, 1.0, 1.0)])
def test_impossible_spacing_is_refused(spacing: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="mm"):
        grid_shape((100, 100, 100), spacing)


def test_resampling_averages_where_it_gets_coarser() -> None:
    fine = np.random.default_rng(0).normal(0, 100, (40, 40, 40)).astype(np.float32)
    coarse = resample(fine, (10, 10, 10)).numpy()
    assert coarse.std() < 20
    assert resample(np.full((5, 6, 7), 33, np.float32), (9, 4, 14)).numpy() == pytest.approx(33, abs=1e-3)


def test_resampling_keeps_axes_apart() -> None:
    ramp = np.broadcast_to(np.arange(12, dtype=np.float32)[:, None, None], (12, 8, 10))
    found = resample(np.ascontiguousarray(ramp), (6, 4, 5)).numpy()
    assert (np.diff(found[:, 2, 2]) > 1).all()
    assert np.ptp(found[3]) < 1e-3


def test_upsampling_finds_the_place_of_every_voxel() -> None:
    middle = (torch.arange(10) + 0.5).reshape(1, 10, 1, 1).expand(1, 10, 3, 3)
    found = upsample(middle, (40, 6, 6), (slice(8, 32), slice(0, 6), slice(2, 4)))
    assert found.shape == (1, 24, 6, 2)
    assert found[0, :, 0, 0].tolist() == pytest.approx([(k + 0.5) / 4 for k in range(8, 32)], abs=1e-5)


def test_classes_come_back_on_the_source_grid() -> None:
    classes = torch.zeros(2, 4, 4, 4)
    classes[0] = 1
    classes[:, 1:3, 1:3, 1:3] = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)
    whole = to_source(classes, (40, 8, 8), (slice(0, 40), slice(0, 8), slice(0, 8)))
    assert whole[:, 4, 4].sum() == 20
    box = source_box(classes[1].numpy() > 0, (40, 8, 8))
    assert box is not None
    assert to_source(classes, (40, 8, 8), box).sum() == whole.sum()
    assert source_box(np.zeros((2, 2, 2), np.bool_), (4, 4, 4)) is None


def test_the_likeliest_class_is_the_first_of_equal_ones() -> None:
    values = torch.rand(5, 3, 4, 6, generator=torch.Generator().manual_seed(0)).mul(8).round()
    assert torch.equal(likeliest(values).long(), values.argmax(0))


def test_single_places_are_interpolated_as_the_whole_is() -> None:
    classes = torch.rand(3, 5, 7, 6, generator=torch.Generator().manual_seed(0))
    shape = (9, 20, 13)
    whole = upsample(classes, shape, (slice(0, 9), slice(0, 20), slice(0, 13)))
    places = np.argwhere(np.ones(shape, np.bool_))[::11]
    assert torch.equal(classes_at(classes, shape, places), whole[:, places[:, 0], places[:, 1], places[:, 2]])


def test_the_air_around_a_patient_does_not_change_the_answer() -> None:
    """The network's norms are taken over a whole pass."""
    rng = np.random.default_rng(1)
    patient = rng.normal(0, 100, (20, 32, 48)).astype(np.float32)
    wide = np.full((20, 60, 80), AIR, np.float32)
    wide[:, 10:42, 20:68] = patient
    wide[:, 52:54] = 200  # the table
    assert body_box(patient) == (slice(0, 20), slice(0, 32), slice(0, 48))
    assert body_box(wide) == (slice(0, 20), slice(10, 42), slice(20, 68))
    net = SegmentationNet((4, 8)).eval()
    alone, inside = (infer(net, hu, (2.0, 2.0, 2.0)).classes for hu in (patient, wide))
    assert torch.equal(inside[:, :, 10:42, 20:68], alone)
    assert float(inside[0, :, :10].min()) == 1.0


def test_a_volume_of_air_is_looked_at_as_a_whole() -> None:
    assert body_box(np.full((3, 4, 5), AIR, np.float32)) == (slice(0, 3), slice(0, 4), slice(0, 5))


def test_inference_covers_volumes_of_any_size() -> None:
    net = SegmentationNet((4, 8)).eval()
    hu = np.random.default_rng(1).normal(0, 100, (7, 50, 41)).astype(np.float32)
    found = infer(net, hu, (5.0, 1.5, 1.5))
    assert found.classes.shape == (len(TISSUES), 18, 38, 31)
    assert found.classes.sum(0).numpy() == pytest.approx(1, abs=1e-4)
    assert found.spacing == pytest.approx((GRID, GRID, GRID), rel=0.05)
    assert all(n * s == pytest.approx(m * t) for n, s, m, t in zip(
        (18, 38, 31), found.spacing, hu.shape, (5.0, 1.5, 1.5), strict=True))  # fmt: skip
