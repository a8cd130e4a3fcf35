"""What is little does not become nothing."""

import pytest

from screening.rounding import rounded


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (12.345, 2, 12.35), (0.004, 2, 0.004), (0.0049, 2, 0.005), (-0.0000123, 2, -0.00001), (0.0, 2, 0.0),
        (0.04, 1, 0.04), (0.05, 1, 0.1), (3729.0, -1, 3730.0), (4.9, -1, 5.0), (1e-9, 2, 1e-9),
    ],
)  # fmt: skip
def test_digits_are_kept_until_something_is_left(value: float, digits: int, expected: float) -> None:
    assert rounded(value, digits) == expected
