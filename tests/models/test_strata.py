"""Risk strata."""

import pytest

from models.strata import by_the_site, stratum_of
from screening import codes
from screening.codes import CodedName


@pytest.mark.parametrize(
    ("percent", "thresholds", "stratum"),
    [
        (4.99, (5.0,), codes.RISK_LOW),
        (5.0, (5.0,), codes.RISK_HIGH),
        (4.99, (5.0, 15.0), codes.RISK_LOW),
        (5.0, (5.0, 15.0), codes.RISK_MODERATE),
        (15.0, (5.0, 15.0), codes.RISK_HIGH),
    ],
)
def test_who_is_on_a_threshold_is_above_it(percent: float, thresholds: tuple[float, ...], stratum: CodedName) -> None:
    assert stratum_of(percent, thresholds) == (stratum,)


def test_without_thresholds_there_is_no_stratum_and_no_word() -> None:
    assert stratum_of(99.0, ()) == ()
    assert by_the_site(()) == ""


def test_a_stratum_is_said_with_what_it_divides() -> None:
    assert by_the_site((codes.RISK_LOW,)) == " (low by the site's thresholds)"
    assert by_the_site((codes.RISK_LOW,), "5-year risk") == " (low 5-year risk by the site's thresholds)"
