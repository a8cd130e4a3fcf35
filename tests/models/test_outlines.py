import numpy as np
import pytest

from models.outlines import largest_piece, outline


def area_within(ring: tuple[tuple[float, float], ...]) -> float:
    """Shoelace formula."""
    x, y = np.array(ring).T
    return 0.5 * abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()))


def test_a_rectangle_is_outlined_through_the_middles_of_its_sides() -> None:
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:5] = True
    ring = outline(mask)
    assert ring[0] == ring[-1]
    assert set(ring) == {
        (2.5, 1), (3.5, 1), (4.5, 1), (5, 1.5), (5, 2.5), (4.5, 3), (3.5, 3), (2.5, 3), (2, 2.5), (2, 1.5),
    }  # fmt: skip


def test_where_an_area_lies_does_not_change_its_outline() -> None:
    mask = np.zeros((40, 50), bool)
    mask[3:9, 4:12] = mask[5:14, 7:9] = True
    moved = np.roll(mask, (20, 30), (0, 1))
    assert np.array_equal(np.array(outline(moved)), np.add(outline(mask), (30, 20)))


def test_a_disc_is_outlined_at_its_radius() -> None:
    y, x = np.mgrid[:80, :80]
    ring = outline((y - 40) ** 2 + (x - 30) ** 2 < 25**2)
    radius = np.hypot(*(np.array(ring) - (30.5, 40.5)).T)
    assert radius.min() > 24
    assert radius.max() < 26
    assert area_within(ring) == pytest.approx(np.pi * 25**2, rel=0.03)


def test_a_bay_is_followed_and_a_hole_does_not_count() -> None:
    mask = np.ones((20, 20), bool)
    mask[:12, 8:12] = False  # a bay
    with_hole = mask.copy()
    with_hole[15, 3] = False
    assert outline(with_hole) == outline(mask)
    assert area_within(outline(mask)) == pytest.approx(mask.sum(), abs=3)


def test_pixels_that_touch_at_a_corner_alone_are_two_pieces() -> None:
    mask = np.zeros((8, 8), bool)
    mask[1:3, 1:3] = mask[3:7, 3:7] = True
    assert largest_piece(mask).sum() == 16
    assert area_within(outline(mask)) == pytest.approx(16, abs=1)


def test_an_area_that_touches_itself_at_a_corner_is_walked_round_once() -> None:
    mask = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], bool)
    ring = outline(mask)
    assert len(set(ring)) == len(ring) - 1
    assert area_within(ring) == pytest.approx(mask.sum() + 0.5, abs=1.5)


def test_at_the_edge_of_the_picture_and_nowhere() -> None:
    assert outline(np.ones((1, 1), bool)) == ((0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5), (0.5, 0))
    assert outline(np.zeros((4, 4), bool)) == ()
    assert not largest_piece(np.zeros((4, 4), bool)).any()
