import numpy as np

from tests.training.phantoms.child.bodies import child, square
from training.phantoms.child.devices import devices


def share(months: float, view: str) -> float:
    canvas = square(4.0)
    who = child(months, view=view)  # type: ignore[arg-type]
    return float(np.mean([devices(who, canvas, np.random.default_rng(seed)).max() > 0 for seed in range(60)]))


def test_newborns_have_tubes_older_children_in_bed_few_and_standing_ones_none() -> None:
    newborn, toddler = share(0.3, "AP"), share(24, "AP")
    assert newborn > 0.5
    assert 0.1 < toddler < newborn
    assert share(0.3, "PA") == 0


def test_tubes_are_as_wide_in_mm_whatever_the_child() -> None:
    canvas = square(1.0)
    for months in (0.3, 100.0):
        who = child(months, view="AP")
        layers = [devices(who, canvas, np.random.default_rng(seed)) for seed in range(40)]
        thickest = max(float(layer.max()) for layer in layers) * who.scale
        assert 1 < thickest < 12  # mm of bone-like mineral
