import numpy as np
import pytest

from training.phantoms.child.oracle import expected_error
from training.phantoms.child.phantom import ChildPhantom, make_child, oracle_age


@pytest.fixture(scope="module")
def people() -> list[ChildPhantom]:
    return [make_child(seed, longest_side=96) for seed in range(4000, 4060)]


def test_a_seed_is_a_child() -> None:
    first, second = make_child(7, longest_side=128), make_child(7, longest_side=128)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert (first.child, first.months) == (second.child, second.months)
    assert make_child(8, longest_side=128).pixels.tobytes() != first.pixels.tobytes()


def test_the_truth_does_not_depend_on_the_resolution() -> None:
    for seed in range(4):
        small, large = make_child(seed, longest_side=96), make_child(seed, longest_side=256)
        assert small.child == large.child
        assert small.spacing[0] * 96 == pytest.approx(large.spacing[0] * 256, rel=1e-6)


def test_pictures_are_pictures(people: list[ChildPhantom]) -> None:
    for phantom in people:
        assert phantom.pixels.dtype == np.float32
        assert 0 <= phantom.pixels.min() <= phantom.pixels.max() <= 1
        assert max(phantom.pixels.shape) == 96
        assert phantom.mask.shape == phantom.pixels.shape
        assert phantom.pixels.std() > 0.08
        assert phantom.age == phantom.months / 12


@pytest.mark.parametrize("months", [0.0, 12.0, 60.0, 120.0, 200.0])
def test_lungs_are_darker_than_what_lies_between_and_below(months: float) -> None:
    for seed in range(6):
        phantom = make_child(seed, months=months, longest_side=128, healthy=True)
        field = phantom.mask > 0.9
        rows = np.flatnonzero(field.any(axis=1))
        columns = np.flatnonzero(field.any(axis=0))
        middle = slice(int(columns.mean()) - 4, int(columns.mean()) + 4)
        low = phantom.pixels[int(rows[-1] - 0.25 * len(rows)) : rows[-1], middle].mean()
        assert low - phantom.pixels[field].mean() > 0.15


@pytest.mark.parametrize("months", [0.0, 12.0, 72.0, 200.0])
def test_the_lungs_span_the_width_that_the_truth_gives(months: float) -> None:
    for seed in range(3):
        phantom = make_child(seed, months=months, longest_side=256, healthy=True)
        columns = np.flatnonzero((phantom.mask > 0.5).any(axis=0))
        if columns[0] > 2 and columns[-1] < phantom.mask.shape[1] - 3:
            seen = (columns[-1] - columns[0] + 1) * phantom.spacing[0]
            assert seen == pytest.approx(phantom.truth.thorax_width * 1.06, rel=0.08)  # magnified by 1.03 to 1.12


def test_infants_lie_and_the_grown_stand() -> None:
    views = {months: [make_child(s, months=months, longest_side=64).view for s in range(24)] for months in (1.0, 120.0)}
    assert views[1.0].count("AP") >= 21
    assert views[120.0].count("PA") >= 17


def test_the_oracle_knows_only_what_is_seen(people: list[ChildPhantom]) -> None:
    errors = np.array([oracle_age(p.truth) - p.months for p in people])
    spread = 4.6 * 1.4 / np.sqrt(len(people))
    assert np.abs(errors).mean() == pytest.approx(expected_error(2000), abs=3 * spread)
    assert len({p.sex for p in people}) == 2


def test_chance_in_the_picture_does_not_know_the_calendar() -> None:
    """Two children with the same bones and stature differ by nothing but their age: no trace of it may be drawn."""
    from training.phantoms.child import oracle

    real, fake = oracle.draw_growth, lambda *_: (100.0, 130.0)
    oracle.draw_growth = fake
    try:
        young, old = make_child(3, months=90, longest_side=64), make_child(3, months=110, longest_side=64)
    finally:
        oracle.draw_growth = real
    np.testing.assert_array_equal(young.pixels, old.pixels)
    assert young.months != old.months


def test_the_external_hospital_looks_otherwise_and_its_children_are_smaller() -> None:
    inside = [make_child(s, months=100, sex="F", longest_side=64) for s in range(40)]
    outside = [make_child(s, months=100, sex="F", longest_side=64, external=True) for s in range(40)]
    assert all(p.external for p in outside)
    assert np.mean([p.truth.stature for p in outside]) < np.mean([p.truth.stature for p in inside]) - 1
    assert all((a.pixels != b.pixels).any() for a, b in zip(inside, outside, strict=True))


def test_wishes_are_granted() -> None:
    for view in ("PA", "AP"):
        child = make_child(1, months=30, sex="F", view=view, longest_side=64)
        assert (child.months, child.sex, child.view) == (30, "F", view)


@pytest.mark.parametrize(("name", "value"), [("longest_side", 10), ("months", -1.0), ("months", 230.0)])
def test_impossible_wishes_are_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        make_child(0, **{name: value})  # type: ignore[arg-type]
