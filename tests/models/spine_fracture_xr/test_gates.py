import numpy as np
import pytest

from models.spine_fracture_xr.gates import bone_over_beside, check_photometry, check_points

SPINE = np.array([[130.0, 60], [134, 95], [136, 131], [134, 166], [128, 200]])
SURE = np.full(5, 0.9)
SHAPE = (260, 256)


def refused(
    points: np.ndarray = SPINE, peaks: np.ndarray = SURE, shape: tuple[int, int] = SHAPE,
    spacing: tuple[float, float] | None = (1.1, 1.1),
) -> str | None:  # fmt: skip
    refusal = check_points(points, peaks, shape, spacing)
    return None if refusal is None else refusal.code


def test_five_vertebrae_of_a_plausible_size_are_taken() -> None:
    assert refused() is None
    assert refused(spacing=None) is None


def test_the_levels_that_are_not_seen_are_named() -> None:
    peaks = SURE.copy()
    peaks[[0, 3]] = (0.44, np.nan)
    refusal = check_points(SPINE, peaks, SHAPE, None)
    assert refusal is not None
    assert refusal.code == "levels-not-found"
    assert "no vertebra is seen for L1, L4:" in refusal.reason


def test_a_point_on_the_wrong_body_is_refused() -> None:
    points = SPINE.copy()
    points[3] = points[2] + [0, 8]
    assert refused(points) == "spine-implausible"


def test_pixels_that_are_not_square_are_judged_in_mm() -> None:
    flat = np.array([[110.0, 15], [125, 23.75], [130, 32.75], [125, 41.5], [110, 50]])
    assert refused(flat, shape=(65, 256), spacing=None) == "spine-implausible"
    assert refused(flat, shape=(65, 256), spacing=(4.4, 1.1)) != "spine-implausible"


def test_lying_and_upside_down_spines_are_refused() -> None:
    assert refused(SPINE[:, ::-1].copy(), shape=(256, 260)) == "not-upright"
    assert refused(SPINE[::-1].copy()) == "not-upright"


@pytest.mark.parametrize(
    ("shift", "shape", "named"),
    [((0, -50), SHAPE, "L1"), ((0, 0), (212, 256), "L5"), ((-118, 0), SHAPE, "L1, L5")],
)
def test_bodies_at_the_edge_are_cut_off(shift: tuple[float, float], shape: tuple[int, int], named: str) -> None:
    refusal = check_points(SPINE + shift, SURE, shape, None)
    assert refusal is not None
    assert refusal.code == "spine-cut-off"
    assert refusal.reason.startswith(named)


@pytest.mark.parametrize(
    ("mm", "code"), [(0.5, "size-implausible"), (0.7, None), (1.7, None), (1.9, "size-implausible")]
)
def test_the_size_in_mm_must_be_a_spines(mm: float, code: str | None) -> None:
    assert refused(spacing=(mm, mm)) == code


def picture(bone: float, beside: float) -> np.ndarray:
    image = np.full(SHAPE, beside, np.float32)
    for column, row in SPINE.astype(int):
        image[row - 13 : row + 13, column - 16 : column + 16] = bone
    return image


def test_bone_must_be_bright() -> None:
    assert bone_over_beside(picture(0.8, 0.4), SPINE) > 0.5
    assert check_photometry(picture(0.8, 0.4), SPINE) is None
    refusal = check_photometry(picture(0.2, 0.6), SPINE)
    assert refusal is not None
    assert refusal.code == "inverted"


def test_a_flat_picture_is_left_to_others() -> None:
    assert check_photometry(picture(0.5, 0.5), SPINE) is None


def test_a_narrow_picture_is_judged_by_what_is_in_it() -> None:
    narrow = picture(0.8, 0.4)[:, 112:160]
    assert check_photometry(narrow, SPINE - [112, 0]) is None
