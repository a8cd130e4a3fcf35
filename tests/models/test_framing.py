import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.framing import Frame, analysed_area, robust_scale

SIDES = st.integers(2, 4000)


@given(SIDES, SIDES, st.integers(16, 512), st.floats(0, 1), st.floats(0, 1))
def test_source_to_network_and_back(rows: int, columns: int, size: int, u: float, v: float) -> None:
    frame = Frame(rows=rows, columns=columns, size=size)
    point = (u * columns, v * rows)
    back = frame.to_source(frame.to_network(point))
    assert back == pytest.approx(point, abs=1e-6 * max(rows, columns))
    inside = frame.to_network(point)
    assert -1e-6 <= inside[0] <= size + 1e-6
    assert -1e-6 <= inside[1] <= size + 1e-6


def test_a_bright_dot_is_found_where_the_frame_says() -> None:
    image = np.zeros((600, 300), np.float32)
    image[440:460, 90:110] = 1.0  # centre (100, 450)
    frame = Frame(rows=600, columns=300, size=120)
    row, column = np.unravel_index(int(frame.apply(image).argmax()), (120, 120))
    assert frame.to_source((column + 0.5, row + 0.5)) == pytest.approx((100, 450), abs=10)


def test_wrong_sizes_are_named() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Frame(rows=0, columns=3, size=3)
    with pytest.raises(ValueError, match="image must be 3 x 3"):
        Frame(rows=3, columns=3, size=3).apply(np.zeros((4, 3), np.float32))


def test_outliers_do_not_squeeze_the_scale() -> None:
    image = np.random.default_rng(0).random((100, 100)).astype(np.float32)
    image[0, 0] = 1e6
    scaled = robust_scale(image, 0.5, 99.5)
    assert scaled.std() > 0.25
    assert not robust_scale(np.ones((4, 4), np.float32), 0.5, 99.5).any()


def test_the_analysed_area_leaves_room_for_a_label() -> None:
    region = analysed_area((100.0, 0.0, 300.0, 400.0), "1.2.3")
    assert min(region.points) == pytest.approx((104.0, 8.0))
    assert max(region.points) == pytest.approx((296.0, 392.0))
    assert region.points[0] == region.points[-1]
    assert region.sop_instance_uid == "1.2.3"
