import numpy as np
import pytest

from training.phantoms.spine.anatomy import Sex, draw_anatomy
from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.vertebrae import HEIGHT, LEVELS


def people(sex: Sex, **how: object) -> list:  # type: ignore[type-arg]
    return [draw_anatomy(k, age=60, sex=sex, fractures={}, **how) for k in range(200)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("sex", "front", "back"), [("F", (29.6, 1.8), (25.5, 1.6)), ("M", (30.7, 1.9), (26.8, 1.9))])
def test_l5_is_cook_and_bakers(sex: Sex, front: tuple[float, float], back: tuple[float, float]) -> None:
    now = np.array([a.vertebra("L5").heights for a in people(sex)])
    for column, (mean, sd) in ((0, front), (2, back)):
        assert abs(now[:, column].mean() - mean) < 0.7 * sd
        assert 0.5 * sd < now[:, column].std() < 1.8 * sd


@pytest.mark.parametrize("sex", ["F", "M"])
def test_heights_by_level(sex: Sex) -> None:
    for level in ("T12", "L1", "L2", "L3", "L4"):
        back = np.array([a.vertebra(level).heights[2] for a in people(sex)])
        assert back.mean() == pytest.approx(HEIGHT[level] * (0.955 if sex == "F" else 1), rel=0.02)
        assert (
            20 < np.percentile(back, 2.5) < np.percentile(back, 97.5) < 34
        )  # bodies are 20-30 mm high, tall men's more


def test_wedges_turn_from_front_to_back_down_the_spine() -> None:
    angles = {
        level: np.mean([np.degrees(np.arctan2(v.heights[2] - v.heights[0], v.depth))
                        for v in (a.vertebra(level) for a in people("F"))])
        for level in LEVELS
    }  # fmt: skip
    assert angles["T12"] == pytest.approx(3.5, abs=0.7)
    assert angles["L3"] == pytest.approx(-1.1, abs=0.7)
    assert angles["L5"] == pytest.approx(-7.8, abs=1.2)


def test_discs_have_the_heights_seen_on_mri() -> None:
    limits = {"L1": (6.3, 11.0), "L2": (7.0, 12.1), "L3": (7.4, 13.3), "L4": (7.8, 14.6), "L5": (7.1, 13.1)}
    for k, level in enumerate(LEVELS[:-1]):
        gaps = []
        for a in people("F"):
            above, below = a.vertebrae[k], a.vertebrae[k + 1]
            top, bottom = above.place(0, 0, above.plates(0)[0]), below.place(0, 0, below.plates(0)[1])
            gaps.append(float(np.linalg.norm(top - bottom)))
        assert min(gaps) > 1
        if level in limits:
            assert limits[level][0] < np.mean(gaps) < limits[level][1]


def test_frames_are_right_angled_and_point_up() -> None:
    for a in people("M")[:20]:
        for v in a.vertebrae:
            np.testing.assert_allclose(v.frame @ v.frame.T, np.eye(3), atol=1e-9)
            assert np.linalg.det(v.frame) == pytest.approx(1)
            assert v.frame[2, 2] > 0.3


def test_a_wedge_bends_forward_what_is_above() -> None:
    whole = draw_anatomy(5, age=70, sex="F", fractures={})
    broken = draw_anatomy(5, age=70, sex="F", fractures={"L1": Fracture("wedge", 3, 0.5)})
    assert broken.vertebra("T11").keypoint[1] < whole.vertebra("T11").keypoint[1]
    assert broken.vertebra("T11").keypoint[2] < whole.vertebra("T11").keypoint[2]
    np.testing.assert_array_equal(broken.vertebra("L2").centre, whole.vertebra("L2").centre)
