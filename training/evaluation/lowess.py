"""Cleveland's locally weighted regression, for smooth calibration curves."""

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Floats, floats

FRACTION = 2 / 3  # Cleveland's default, which statsmodels and R's lowess share
MOST_POINTS = 1000  # with more distinct x the line is fitted at fewer, and drawn straight between them
FEWER = 200  # quantiles; a fit over two thirds of the points hardly bends between two of them


def lowess(x: npt.ArrayLike, y: npt.ArrayLike, fraction: float = FRACTION) -> Floats:
    """(N,) local linear fit of y at each x: tricube weights over the nearest `fraction` of points.

    No robustness iterations: they would take the rarer outcome of a 0/1 y for outliers. (Cleveland 1979; for
    calibration Austin and Steyerberg 2014.)

    Raises
    ------
    ValueError
        If lengths differ, or fraction is not in (0, 1].
    """
    xs = floats("x", x)
    ys = floats("y", y, xs.size)
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must be in (0, 1], got {fraction:g}")
    order = np.argsort(xs, kind="stable")
    xs, ys = xs[order], ys[order]
    at = np.unique(xs)
    if at.size > MOST_POINTS:
        at = np.unique(np.quantile(at, np.linspace(0, 1, FEWER)))
    near = min(xs.size, max(2, int(fraction * xs.size + 1e-10)))
    fitted = np.array([_fit(xs, ys, point, near) for point in at])
    smooth = np.empty(xs.size)
    smooth[order] = np.interp(xs, at, fitted)
    return smooth


def _fit(xs: Floats, ys: Floats, point: float, near: int) -> float:
    """The weighted straight line through the `near` points next to `point`, at `point`."""
    left = _window(xs, point, near)
    x, y = xs[left : left + near], ys[left : left + near]
    radius = max(point - x[0], x[-1] - point)
    if radius == 0:  # at least `near` points have this x
        return float(ys[xs == point].mean())
    distance = np.abs(x - point) / radius
    # Cleveland's code counts the very near as 1 and the very far as 0
    weight = np.where(distance <= 0.001, 1.0, np.where(distance >= 0.999, 0.0, (1 - distance**3) ** 3))
    weight = weight / weight.sum()
    centre = float(weight @ x)
    spread = float(weight @ (x - centre) ** 2)
    if np.sqrt(spread) <= 0.001 * (xs[-1] - xs[0]):
        return float(weight @ y)
    return float((weight * (1 + (point - centre) * (x - centre) / spread)) @ y)


def _window(xs: Floats, point: float, near: int) -> int:
    """First index of the `near` consecutive sorted points whose farthest is nearest to `point`."""
    first = int(np.searchsorted(xs, point))
    low, high = max(0, first - near), min(xs.size - near, first)
    while low < high:
        middle = (low + high) // 2
        if point - xs[middle] > xs[middle + near] - point:
            low = middle + 1
        else:
            high = middle
    return low
