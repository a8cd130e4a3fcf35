from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dicom_node.reports.wording import (
    interval_text,
    moment_text,
    number_text,
    own_notes,
    stratum_of,
    value_text,
    weights_text,
)
from screening.codes import MONTH, NO_UNITS, PERCENT, ucum
from screening.findings import Measurement
from tests.dicom_node.reports.factories import CARD, MORT30D, make_findings


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (34.24, PERCENT, "34.2 %"),
        (0.456, PERCENT, "0.46 %"),
        (0.004, PERCENT, "< 0.01 %"),
        (0.0, PERCENT, "0 %"),
        (86.44, MONTH, "86.4 months"),
        (-0.412, NO_UNITS, "-0.41"),
        (143.2, ucum("[hnsf'U]", "Hounsfield unit"), "143.2 HU"),
        (12345.6, ucum("cm2"), "12346 cm2"),
        (3.2, ucum("kg"), "3.2 kg"),
    ],
)
def test_values_read_as_people_say_them(value: float, unit: object, shown: str) -> None:
    assert value_text(Measurement(name=MORT30D, value=value, unit=unit)) == shown  # type: ignore[arg-type]


def test_an_interval_is_told_only_when_it_has_both_ends() -> None:
    whole = Measurement(name=MORT30D, value=1.84, unit=PERCENT, low=0.0, high=9.34)
    assert interval_text(whole) == "0 to 9.3 %"
    assert interval_text(replace(whole, high=None)) == ""


def test_moments_name_their_zone() -> None:
    moment = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    assert moment_text(moment) == "2026-11-21 14:03 UTC"
    assert moment_text(moment.astimezone(timezone(timedelta(hours=-3, minutes=-30)))) == "2026-11-21 10:33 UTC-03:30"


def test_the_stratum_is_found_by_its_code() -> None:
    findings = make_findings()
    stratum = stratum_of(findings)
    assert stratum is not None
    assert stratum.value.meaning == "High"
    assert stratum_of(replace(findings, groups=(replace(findings.groups[0], qualitative=()),))) is None


def test_limits_that_a_model_repeats_are_not_told_twice() -> None:
    findings = replace(make_findings(), notes=(*CARD.limits, "a note of its own"))
    assert own_notes(CARD, findings) == ("a note of its own",)


def test_short_forms() -> None:
    assert weights_text("ab12cd34" * 8) == "ab12cd34ab12"
    assert number_text(99.96, "%") == "100.0"
