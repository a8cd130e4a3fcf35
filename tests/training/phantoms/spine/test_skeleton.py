import numpy as np

from training.phantoms.spine.anatomy import draw_anatomy
from training.phantoms.spine.phantom import scan_grid
from training.phantoms.spine.skeleton import paint_pelvis, paint_ribs, paint_sacrum, rib_lines

BODY = draw_anatomy(2, age=60, sex="F", fractures={})
GRID = scan_grid(BODY, (3.0, 3.0, 3.0), 10)


def test_the_pelvis_is_on_both_sides_and_below_l4() -> None:
    volume = np.zeros(GRID.shape, np.float32)
    paint_pelvis(volume, GRID, BODY, trabecular=100.0, bone=1.0)
    z, _, x = GRID.axes
    bone = volume > 100
    left, right = bone[:, :, x > 5].sum(), bone[:, :, x < -5].sum()
    assert min(left, right) > 0.8 * max(left, right) > 500
    assert not bone[:, :, np.abs(x - BODY.vertebra("S1").centre[0]) < 20].any()
    assert z[bone.any((1, 2))].max() < BODY.vertebra("L4").centre[2] + 25


def test_the_sacrum_is_labelled_and_in_the_middle() -> None:
    volume, labels = np.zeros(GRID.shape, np.float32), np.zeros(GRID.shape, np.uint8)
    paint_sacrum(volume, labels, GRID, BODY, trabecular=100.0, bone=1.0)
    assert set(np.unique(labels)) == {0, 26}
    x = GRID.axes[2][labels.any((0, 1))]
    assert abs(x.mean() - BODY.vertebra("S1").centre[0]) < 6
    assert 80 < np.ptp(x) < 150  # alae


def test_ribs_run_downwards_along_the_wall() -> None:
    lines = rib_lines(BODY)
    assert len(lines) == 6
    for points in lines:
        assert points[-1][2] < points[0][2] - 30
        assert max(abs(p[0]) for p in points) < BODY.half_width
    volume = np.zeros(GRID.shape, np.float32)
    paint_ribs(volume, GRID, BODY, trabecular=100.0, bone=1.0)
    assert (volume > 100).sum() > 200
