"""Reference values of the IBSI's digital phantom: 3-D, merged over directions; three significant digits."""

import numpy as np
import pytest

from models.ssc_ild_mortality_ct.textures import IN_PLANE, IN_SPACE, textures

from .ibsi import LEVELS

GLCM = {
    "joint_maximum": 0.509, "joint_average": 2.15, "joint_variance": 3.13, "joint_entropy": 2.57,
    "difference_average": 1.38, "difference_variance": 3.21, "difference_entropy": 1.64,
    "angular_second_moment": 0.291, "contrast": 5.12, "inverse_difference": 0.688, "inverse_difference_moment": 0.631,
    "correlation": 0.183, "cluster_shade": 17.4, "cluster_prominence": 147,
}  # fmt: skip
SIZES = (
    "small_emphasis", "large_emphasis", "low_grey_emphasis", "high_grey_emphasis", "small_low_emphasis",
    "small_high_emphasis", "large_low_emphasis", "large_high_emphasis", "grey_non_uniformity", "size_non_uniformity",
    "percentage", "grey_variance", "size_variance", "entropy",
)  # fmt: skip
GLRLM = (0.729, 2.76, 0.607, 9.64, 0.372, 8.67, 2.16, 15.6, 0.43, 0.501, 0.68, 3.48, 0.598, 2.62)
GLSZM = (0.255, 550, 0.253, 15.6, 0.0256, 2.76, 503, 1495, 0.28, 0.2, 0.0676, 2.64, 331, 2.32)
GLDM = (0.045, 109, 0.693, 7.66, 0.00963, 0.736, 102, 235, 0.512, 0.0657, None, 3.05, 22.1, 4.4)
NGTDM = {"coarseness": 0.0296, "contrast": 0.584, "busyness": 6.54, "complexity": 13.5, "strength": 0.763}
REFERENCE = {
    **{f"glcm_{name}": value for name, value in GLCM.items()},
    **{f"glrlm_{name}": value for name, value in zip(SIZES, GLRLM, strict=True)},
    **{f"glszm_{name}": value for name, value in zip(SIZES, GLSZM, strict=True)},
    **{f"gldm_{name}": value for name, value in zip(SIZES, GLDM, strict=True) if value is not None},
    **{f"ngtdm_{name}": value for name, value in NGTDM.items()},
}


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    return textures(LEVELS, 6, IN_SPACE)


@pytest.mark.parametrize("name", list(REFERENCE))
def test_the_digital_phantom(found: dict[str, float], name: str) -> None:
    assert found[name] == pytest.approx(REFERENCE[name], rel=0.005)


def test_every_feature_has_a_reference(found: dict[str, float]) -> None:
    assert set(found) == set(REFERENCE)


def test_within_slices_their_order_does_not_matter() -> None:
    shuffled = textures(LEVELS[[2, 0, 3, 1]], 6, IN_PLANE)
    assert shuffled == pytest.approx(textures(LEVELS, 6, IN_PLANE))
    assert textures(LEVELS[[2, 0, 3, 1]], 6, IN_SPACE) != pytest.approx(textures(LEVELS, 6, IN_SPACE))


def test_one_level_alone_gives_finite_numbers() -> None:
    even = textures(np.full((2, 3, 3), 4), 6)
    assert np.isfinite(list(even.values())).all()
    assert even["glcm_contrast"] == 0
    assert even["glszm_percentage"] == pytest.approx(2 / 18)
    single = textures(np.array([[[0, 0], [2, 0]]]), 6)
    assert np.isfinite(list(single.values())).all()


@pytest.mark.parametrize("levels", [np.zeros((1, 2, 2), int), np.full((1, 2, 2), 9), np.ones((2, 2), int)])
def test_what_is_no_region_is_refused(levels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> None:
    with pytest.raises(ValueError, match="levels must be"):
        textures(levels, 6)
