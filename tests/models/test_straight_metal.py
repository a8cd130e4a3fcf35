import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.straight_metal import METAL_NOTE, SHORTEST, metal_note, second_longest
from training.phantoms.chest.phantom import make_phantom

Array = npt.NDArray[np.float32]
RNG = np.random.default_rng(0)


def grey() -> Array:
    """Soft shades without a line."""
    return np.asarray(0.4 + 0.5 * ndimage.gaussian_filter(RNG.standard_normal((256, 220)), 12), np.float32)


def with_rods(pixels: Array, lines: int = 2, length: float = 0.4) -> Array:
    """Vertical lines, 5 pixels wide."""
    rows, columns = pixels.shape
    out = pixels.copy()
    for k in range(lines):
        left = round((0.42 + 0.14 * k) * columns)
        out[rows // 4 : rows // 4 + round(length * rows), left : left + 5] = 1.0
    return out


def test_two_long_lines_are_remarked_on() -> None:
    assert metal_note(grey()) == ()
    assert metal_note(with_rods(grey())) == (METAL_NOTE,)


def test_one_line_or_short_ones_are_not() -> None:
    assert second_longest(with_rods(grey(), lines=1)) < SHORTEST
    assert second_longest(with_rods(grey(), length=0.1)) < SHORTEST


def test_the_edge_of_the_field_and_a_curve_are_no_metal() -> None:
    framed = np.pad(grey(), 20, constant_values=1.0)
    assert metal_note(framed) == ()
    row, column = np.mgrid[:256, :220]
    rings = [np.abs(np.hypot(row - 128, column - 110) - radius) < 2 for radius in (40, 80)]
    assert metal_note(np.where(rings[0] | rings[1], 1.0, grey()).astype(np.float32)) == ()


def test_nothing_but_grey_is_no_metal() -> None:
    assert metal_note(np.full((200, 200), 0.5, np.float32)) == ()


def test_simulated_chests_without_metal_get_no_remark() -> None:
    assert [metal_note(make_phantom(seed, longest_side=256).pixels) for seed in range(2000, 2006)] == [()] * 6
