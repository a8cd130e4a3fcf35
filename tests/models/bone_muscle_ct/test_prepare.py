"""A CT made upright, and cut where a segmentation says."""

import numpy as np
import pytest

from models.bone_muscle_ct import prepare
from models.bone_muscle_ct.layout import NEEDED, SLICES, lay_out
from models.bone_muscle_ct.segmentation import SegmentationNet
from screening.errors import BadGeometry
from screening.header import Header
from screening.images import Volume
from tests.models.bone_muscle_ct.truth import true_segmentation
from training.cohorts.bone_muscle_whole import affine_of
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(8, spacing=(3.0, 3.0, 3.0))


@pytest.fixture
def net(ct: SpineCT, monkeypatch: pytest.MonkeyPatch) -> SegmentationNet:
    """A network that is not asked: the truth answers."""
    monkeypatch.setattr(prepare, "segment", lambda *_args, **_options: true_segmentation(ct))
    return SegmentationNet((4, 4))


def volume(hu: np.ndarray, affine: np.ndarray) -> Volume:
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    return Volume(
        hu=np.ascontiguousarray(hu, np.float32), spacing=(float(spacing[2]), float(spacing[1]), float(spacing[0])),
        affine=affine, sop_instance_uids=tuple(f"1.{k}" for k in range(len(hu))), header=Header({}),
    )  # fmt: skip


def test_axial_slices_stay_as_they_are(ct: SpineCT) -> None:
    hu, affine = prepare.upright(volume(ct.hu, affine_of(ct.grid)))
    np.testing.assert_array_equal(hu, ct.hu)
    np.testing.assert_array_equal(affine, affine_of(ct.grid))


def test_mirrored_and_swapped_axes_are_put_right(ct: SpineCT) -> None:
    affine = affine_of(ct.grid)
    turned = affine.copy()
    turned[:3, 0], turned[:3, 1] = -affine[:3, 1], affine[:3, 0]  # columns run forwards, rows to the left
    turned[:3, 3] += affine[:3, 1] * (ct.hu.shape[1] - 1)
    hu, back = prepare.upright(volume(ct.hu[:, ::-1].transpose(0, 2, 1), turned))
    np.testing.assert_array_equal(hu, ct.hu)
    np.testing.assert_allclose(back, affine)


def test_oblique_slices_are_refused(ct: SpineCT) -> None:
    affine = affine_of(ct.grid)
    turn = np.radians(40)
    affine[1:3, 1:3] = 3.0 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    with pytest.raises(BadGeometry, match="along the body"):
        prepare.upright(volume(ct.hu, affine))


def test_bodies_lie_where_the_phantom_has_them(ct: SpineCT) -> None:
    found = prepare.bodies_of(true_segmentation(ct), affine_of(ct.grid))
    for level, place in ct.truth.keypoints.items():
        assert found[level] == pytest.approx(place, abs=1e-3)


def test_slices_show_bone_and_muscle(ct: SpineCT, net: SegmentationNet) -> None:
    found = prepare.prepare(volume(ct.hu, affine_of(ct.grid)), net, size=32, pixel=6.0)
    wanted = lay_out(ct.truth.keypoints)
    assert found.layout.heights == pytest.approx(wanted.heights, abs=1e-3)
    assert found.stack.pictures.shape == (SLICES, 32, 32)
    assert found.stack.bone.any((1, 2)).all()
    assert (found.stack.muscle.sum((1, 2)) > 20).all()
    assert not (found.stack.bone & found.stack.muscle).any()
    assert found.measurements.muscle is not None


def test_a_lumbar_level_that_is_not_found_is_an_error(ct: SpineCT, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = true_segmentation(ct)
    without = tuple(body for body in whole.levels if body.level != NEEDED[1])
    monkeypatch.setattr(
        prepare, "segment",
        lambda *_args, **_options: type(whole)(
            vertebrae=whole.vertebrae, bodies=whole.bodies, muscles=whole.muscles, levels=without,
            doubtful=True, spacing=whole.spacing,
        ),
    )  # fmt: skip
    with pytest.raises(ValueError, match="without L2"):
        prepare.prepare(volume(ct.hu, affine_of(ct.grid)), SegmentationNet((4, 4)), size=32, pixel=6.0)
