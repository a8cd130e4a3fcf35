import numpy as np
import pytest

from models.pediatric_age_cxr.heat import ENDS, heat_of
from models.pediatric_age_cxr.preprocess import prepare

CELLS = np.zeros((5, 5), np.float32)
CELLS[:, 3:] = 4.0  # the right of the square speaks for older, by as much as the constant below, which means nothing
CELLS += 100.0


def picture(rows: int, columns: int, border: int = 0) -> np.ndarray:
    """Noise, with a flat border of so many columns at the left: collimated."""
    pixels = np.random.default_rng(0).random((rows, columns)).astype(np.float32)
    pixels[:, :border] = 0.0
    return pixels


def test_only_differences_from_place_to_place_count() -> None:
    placement = prepare(picture(300, 300), None, 160).placement
    heat, same = (heat_of(cells, placement, "1.2.3") for cells in (CELLS, CELLS - 70))
    assert heat is not None
    assert same is not None
    np.testing.assert_allclose(heat.values, same.values, atol=1e-4)
    assert heat.ends == ENDS == ("younger", "older")
    assert np.abs(heat.values).max() == pytest.approx(1)
    assert heat.values.mean() == pytest.approx(0, abs=1e-4)
    assert heat.values[:, :60].max() < 0 < heat.values[:, -60:].min()


def test_the_map_lies_on_what_was_analysed() -> None:
    placement = prepare(picture(200, 400, border=100), (1.0, 1.0), 160).placement
    heat = heat_of(CELLS, placement, "1.2.3")
    assert heat is not None
    assert heat.box == (100.0, 0.0, 400.0, 200.0)
    assert heat.values.shape[1] / heat.values.shape[0] == pytest.approx(1.5, rel=0.05)
    cut = np.flatnonzero((heat.values > 0).all(0))[0] / heat.values.shape[1]
    middle = (placement.to_source((96.0, 80.0))[0] - 100) / 300  # where cell 3 of 5 begins
    assert cut == pytest.approx(middle, abs=0.1)


def test_an_even_map_is_no_heat() -> None:
    heat = heat_of(np.full((5, 5), 3.0, np.float32), prepare(picture(200, 200), None, 160).placement, "1.2.3")
    assert heat is not None
    assert not heat.values.any()


def test_a_picture_of_hardly_more_than_a_cell_has_none() -> None:
    assert heat_of(CELLS, prepare(picture(100, 100), (1.0, 1.0), 160).placement, "1.2.3") is None
    assert heat_of(CELLS, prepare(picture(140, 140), (1.0, 1.0), 160).placement, "1.2.3") is not None
