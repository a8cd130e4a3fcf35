"""There are trained weights behind the adult generator: the same seed must go on giving the same phantom.

Fingerprints, not hashes of floating-point bytes: the last bit of an exponential differs between processors. A changed
order of draws or a changed formula moves every one of these values by far more than the tolerance.
"""

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import Phantom, make_phantom

FIELDS = (
    "half_width", "lung_height", "depth", "wall", "ratio", "dome_drop", "left_dome", "aorta", "unfolding", "calcified",
    "bone", "breast", "rib_slope", "rib_phase", "kyphosis", "tilt", "roll", "scapula_in", "mediastinum", "stomach",
)  # fmt: skip
FRONTAL: tuple[tuple[dict[str, Any], str, tuple[float, ...]], ...] = (
    (
        {"seed": 11},
        "638453e549d809cddd3816b8",
        (
            0.0,
            0.325984,
            0.090698,
            0.102736,
            0.072717,
            0.0,
            0.0,
            0.157141,
            0.92564,
            0.0,
            0.937425,
            0.788528,
            0.364842,
            0.267755,
        ),
    ),
    (
        {"seed": 12, "view": "PA"},
        "f3899e2d4e55640a0ac1152e",
        (
            0.130248,
            0.548183,
            1.0,
            0.735513,
            0.656237,
            0.542429,
            0.868335,
            0.860542,
            0.411433,
            0.784857,
            0.891048,
            0.393664,
            0.533772,
            0.382735,
        ),
    ),
    (
        {"seed": 13, "view": "AP", "external": True},
        "0ee0f7d247ef4956ab42a097",
        (
            0.0,
            0.057255,
            0.0,
            0.326072,
            0.631474,
            0.384616,
            0.351548,
            0.732774,
            0.692584,
            0.582882,
            0.998336,
            0.501257,
            0.355141,
            0.300362,
        ),
    ),
    (
        {"seed": 14, "age": 40.0, "sex": "F", "healthy": True},
        "ffc6af60e2e636ad39404af8",
        (
            0.0,
            0.165926,
            0.0,
            0.382864,
            0.631036,
            0.261245,
            0.096469,
            0.794328,
            0.101456,
            0.0,
            1.0,
            0.325439,
            0.295915,
            0.273181,
        ),
    ),
    (
        {"seed": 15, "age": 6.0},
        "0fdd20be0c16f0714a832c77",
        (
            0.308794,
            0.564278,
            0.317016,
            0.711788,
            0.317994,
            0.25723,
            0.686909,
            0.74871,
            0.800444,
            0.815974,
            0.972554,
            0.735064,
            0.571389,
            0.32087,
        ),
    ),
)
LATERAL: tuple[str, tuple[float, ...]] = (
    "61f3eb74863188218313c2c0",
    (0.0, 0.814803, 0.099494, 0.285711, 0.09547, 0.872375, 0.114688, 0.908795, 0.405241, 0.15669),
)


def digest(phantom: Phantom) -> str:
    """Of who the phantom is: plain scalars, to nine digits."""
    who = asdict(phantom.anatomy)
    text = ",".join(f"{who[name]:.9g}" for name in FIELDS) + f",{phantom.age:.9g},{phantom.sex},{phantom.view}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def samples(phantom: Phantom) -> tuple[float, ...]:
    """A lattice of pixels, the mean of all, and the mean of the lung fields."""
    pixels = [float(value) for value in phantom.pixels[7::27, 9::31].ravel()]
    return tuple(round(v, 6) for v in (*pixels, float(phantom.pixels.mean()), float(phantom.mask.mean())))


@pytest.mark.parametrize(("wishes", "who", "values"), FRONTAL, ids=lambda value: str(value)[:40])
def test_frontal_phantoms_are_what_they_were(wishes: dict[str, Any], who: str, values: tuple[float, ...]) -> None:
    phantom = make_phantom(longest_side=96, **wishes)
    assert digest(phantom) == who
    np.testing.assert_allclose(samples(phantom), values, atol=2e-5)


def test_lateral_phantoms_are_what_they_were() -> None:
    phantom = make_lateral(17, longest_side=96)
    assert digest(phantom) == LATERAL[0]
    np.testing.assert_allclose(samples(phantom), LATERAL[1], atol=2e-5)
