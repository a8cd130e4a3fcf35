from typing import Literal

import numpy as np
import pytest

from training.phantoms.spine.fractures import KINDS, LOSS, Fracture, draw_fractures, grade_of, heights, prevalence

NORMAL = (27.0, 26.0, 29.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grade", [1, 2, 3])
def test_height_loss_is_the_grades(kind: Literal["wedge", "biconcave", "crush"], grade: int) -> None:
    for loss in LOSS[grade]:
        assert grade_of(heights(Fracture(kind, grade, loss), NORMAL), NORMAL) == grade


def test_kinds_break_where_they_should() -> None:
    wedge, hollow, flat = (heights(Fracture(kind, 2, 0.3), NORMAL) for kind in KINDS)
    assert wedge[0] / NORMAL[0] < wedge[1] / NORMAL[1] < wedge[2] / NORMAL[2]
    assert hollow[1] / NORMAL[1] < min(hollow[0] / NORMAL[0], hollow[2] / NORMAL[2])
    assert max(now / before for now, before in zip(flat, NORMAL, strict=True)) < 0.8
    assert heights(Fracture("none", 0, 0.0), NORMAL) == NORMAL


@pytest.mark.parametrize(("age", "low", "high"), [(50, 0.0, 0.05), (75, 0.08, 0.15), (85, 0.13, 0.24)])
def test_prevalence_by_age(age: float, low: float, high: float) -> None:
    drawn = [
        draw_fractures(rng, age=age, sex="F", bone_z=rng.normal())
        for rng in (np.random.default_rng([int(age), k]) for k in range(3000))
    ]
    assert low <= np.mean([bool(d) for d in drawn]) <= high
    assert low <= prevalence(age, "F") <= high


def test_thin_bone_breaks_more_often_and_some_break_twice() -> None:
    def share(z: float) -> tuple[float, float]:
        drawn = [draw_fractures(np.random.default_rng(k), age=75, sex="F", bone_z=z) for k in range(2500)]
        broken = [d for d in drawn if d]
        return len(broken) / len(drawn), float(np.mean([len(d) > 1 for d in broken]))

    assert share(-1.5)[0] > 2 * share(1.0)[0]
    assert 0.2 < share(-1.5)[1] < 0.4


def test_the_junction_is_where_most_break() -> None:
    count: dict[str, int] = {}
    for k in range(3000):
        for level in draw_fractures(np.random.default_rng(k), age=80, sex="F", bone_z=-1):
            count[level] = count.get(level, 0) + 1
    assert set(sorted(count, key=count.__getitem__)[-2:]) == {"T12", "L1"}
