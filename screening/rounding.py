"""Rounding that keeps apart what is nothing and what is little."""

import math


def rounded(value: float, digits: int) -> float:
    """Value with so many decimals; what would become 0 and is not keeps its first significant digit.

    A probability is hardly ever 0, and a viewer may leave the number of a 0 away (OHIF 3.13 does).
    """
    near = round(value, digits)
    if near != 0 or value == 0 or not math.isfinite(value):
        return near
    return round(value, -math.floor(math.log10(abs(value))))
