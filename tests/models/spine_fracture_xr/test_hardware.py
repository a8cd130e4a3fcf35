import numpy as np

from models.spine_fracture_xr.hardware import brightest_body, check_hardware, narrow_and_bright

SPINE = np.array([[130.0, 60], [134, 95], [136, 131], [134, 166], [128, 200]])


def picture() -> np.ndarray:
    image = np.full((256, 256), 0.3, np.float32)
    for column, row in SPINE.astype(int):
        image[row - 13 : row + 13, column - 16 : column + 16] = 0.5
    return image


def code(image: np.ndarray) -> str | None:
    refusal = check_hardware(image, SPINE)
    return None if refusal is None else refusal.code


def test_bare_bone_passes() -> None:
    assert narrow_and_bright(picture(), SPINE) == 0.0
    assert brightest_body(picture(), SPINE) == 0.0
    assert code(picture()) is None


def test_a_rod_and_screws_are_metal() -> None:
    image = picture()
    image[80:190, 166:170] = 1.0
    for row in (95, 131, 166):
        image[row - 2 : row + 2, 120:168] = 1.0
    assert code(image) == "metal-in-spine"


def test_cement_makes_one_body_denser() -> None:
    image = picture()
    image[120:142, 124:148] = 0.95
    assert code(image) == "metal-in-spine"
    assert brightest_body(image, SPINE) > 0.4


def test_metal_far_from_the_spine_does_not_count() -> None:
    image = picture()
    image[40:220, 10:14] = 1.0
    assert code(image) is None
