import numpy as np

from training.phantoms.spine.curve import draw_curve, shape_model


def draw(sex: str, **how: bool) -> tuple[np.ndarray, np.ndarray]:
    drawn = [draw_curve(np.random.default_rng(k), sex=sex, **how) for k in range(300)]  # type: ignore[arg-type]
    return np.array([p for p, _ in drawn]), np.array([s for _, s in drawn])


def test_the_source_is_named() -> None:
    assert "VID" in shape_model().attribution
    assert "CC BY-SA 4.0" in shape_model().attribution


def test_lengths_are_those_of_the_model() -> None:
    model = shape_model()
    length = {s: np.linalg.norm(draw(s)[0][:, 2] - draw(s)[0][:, 6], axis=1) for s in ("F", "M")}
    both = np.concatenate(list(length.values()))
    assert abs(both.mean() - model.length[0]) < 2
    assert abs(both.std() - model.length[1]) < 2
    assert 1.03 < length["M"].mean() / length["F"].mean() < 1.08


def test_levels_go_down_and_never_touch() -> None:
    points, _ = draw("F")
    assert (np.diff(points[:, :, 2], axis=1) < 0).all()
    assert np.linalg.norm(np.diff(points, axis=1), axis=2).min() > 20


def test_standing_is_more_lordotic() -> None:
    def depth(points: np.ndarray) -> float:
        middle = points[:, 4, 1]
        return float(((points[:, 2, 1] + points[:, 6, 1]) / 2 - middle).mean())

    assert 2 < depth(draw("F", standing=True)[0]) - depth(draw("F")[0]) < 8
