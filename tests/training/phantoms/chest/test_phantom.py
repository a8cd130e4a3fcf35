import numpy as np
import pytest

from training.phantoms.chest.phantom import Phantom, make_phantom


@pytest.fixture(scope="module")
def people() -> list[Phantom]:
    return [make_phantom(seed, longest_side=160) for seed in range(3000, 3024)]


def test_a_seed_is_a_phantom() -> None:
    first, second = make_phantom(7, longest_side=128), make_phantom(7, longest_side=128)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert (first.truth, first.outcome, first.anatomy) == (second.truth, second.outcome, second.anatomy)
    assert make_phantom(8, longest_side=128).pixels.tobytes() != first.pixels.tobytes()


def test_the_truth_hardly_depends_on_the_resolution() -> None:
    for seed in range(4):
        small, large = make_phantom(seed, longest_side=96), make_phantom(seed, longest_side=256)
        assert small.anatomy == large.anatomy
        assert small.truth.extent == pytest.approx(large.truth.extent, abs=0.03)
        assert small.spacing[0] * 96 == pytest.approx(large.spacing[0] * 256, rel=1e-6)


def test_pictures_are_pictures(people: list[Phantom]) -> None:
    for phantom in people:
        assert phantom.pixels.dtype == np.float32
        assert 0 <= phantom.pixels.min() <= phantom.pixels.max() <= 1
        assert max(phantom.pixels.shape) == 160
        assert phantom.mask.shape == phantom.pixels.shape


def test_lungs_are_darker_than_what_lies_between_and_below() -> None:
    for seed in range(12):
        phantom = make_phantom(seed, longest_side=160, healthy=True, view="PA")
        rows, columns = phantom.pixels.shape
        lungs = phantom.pixels[phantom.mask > 0.9].mean()
        low = phantom.pixels[int(0.85 * rows) : int(0.93 * rows), int(0.3 * columns) : int(0.7 * columns)].mean()
        assert low - lungs > 0.2


def test_disease_is_seen_where_the_truth_says() -> None:
    brighter = []
    for seed in range(40):
        sick, well = make_phantom(seed, longest_side=128), make_phantom(seed, longest_side=128, healthy=True)
        if sick.truth.extent > 0.1:
            field = well.mask > 0.9
            brighter.append(float(sick.pixels[field].mean() - well.pixels[field].mean()))
    assert len(brighter) >= 8
    assert np.mean(np.array(brighter) > 0) >= 0.85
    assert make_phantom(1, healthy=True, longest_side=96).truth.extent == 0


def test_wishes_are_granted() -> None:
    for seed in range(4):
        child = make_phantom(seed, age=6.0, sex="F", view="AP", longest_side=64)
        assert (child.age, child.sex, child.view) == (6.0, "F", "AP")
        assert (child.anatomy.age, child.anatomy.sex, child.anatomy.view) == (6.0, "F", "AP")


@pytest.mark.parametrize(("name", "value"), [("longest_side", 10), ("age", 1.0)])
def test_impossible_wishes_are_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        make_phantom(0, **{name: value})  # type: ignore[arg-type]
