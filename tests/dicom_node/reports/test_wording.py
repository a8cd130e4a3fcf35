from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dicom_node.reports.wording import (
    common_meaning,
    headline_meaning,
    headline_of,
    horizon_text,
    interval_text,
    moment_text,
    needs_text,
    number_text,
    own_notes,
    stratum_of,
    value_text,
    weights_text,
)
from screening.codes import (
    AGE_DIFFERENCE,
    AGE_DIFFERENCE_Z,
    MEAN,
    MEAN_ATTENUATION,
    MONTH,
    NO_UNITS,
    PERCENT,
    CodedName,
    ucum,
)
from screening.findings import Measurement
from tests.dicom_node.reports.factories import CARD, MORT30D, make_findings


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (34.24, PERCENT, "34.2 %"),
        (0.456, PERCENT, "0.46 %"),
        (0.004, PERCENT, "< 0.01 %"),
        (0.0, PERCENT, "0 %"),
        (86.44, MONTH, "7 years 2 months"),
        (14.6, MONTH, "15 months"),
        (-0.412, NO_UNITS, "-0.41"),
        (143.2, ucum("[hnsf'U]", "Hounsfield unit"), "143.2 HU"),
        (12345.6, ucum("cm2"), "12346 cm2"),
        (3.2, ucum("kg"), "3.2 kg"),
        (3310.0, ucum("mL"), "3310 ml"),
    ],
)
def test_values_read_as_people_say_them(value: float, unit: object, shown: str) -> None:
    assert value_text(Measurement(name=MORT30D, value=value, unit=unit)) == shown  # type: ignore[arg-type]


def test_an_interval_is_told_only_when_it_has_both_ends() -> None:
    whole = Measurement(name=MORT30D, value=1.84, unit=PERCENT, low=0.0, high=9.34)
    assert interval_text(whole) == "0 to 9.3 %"
    assert interval_text(replace(whole, high=None)) == ""


def test_the_interval_of_an_age_has_years_and_months() -> None:
    age = Measurement(name=MORT30D, value=80.0, unit=MONTH, low=22.6, high=101.0)
    assert interval_text(age) == "23 months to 8 years 5 months"


@pytest.mark.parametrize(
    ("value", "age", "z"), [(14.0, "+14 months", "+14.00"), (-0.5, "0 months", "-0.50"), (0.0, "0 months", "0")]
)
def test_differences_are_read_with_their_sign(value: float, age: str, z: str) -> None:
    assert value_text(Measurement(name=AGE_DIFFERENCE, value=value, unit=MONTH)) == age
    assert value_text(Measurement(name=AGE_DIFFERENCE_Z, value=value, unit=NO_UNITS)) == z


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


def test_points_are_counted_and_have_no_unit() -> None:
    score = Measurement(name=MORT30D, value=3.0, unit=ucum("{score}", "score"))
    assert value_text(score) == "3"


def test_what_a_model_needs_is_what_it_is_for() -> None:
    assert needs_text(CARD) == f"What this model is for: {CARD.intended_use}"


def at(days: int | None, meaning: str = "1-year mortality probability") -> Measurement:
    name = CodedName(value="M", scheme="99TEST", meaning=meaning)
    return Measurement(name=name, value=4.0, unit=PERCENT, horizon_days=days)


def test_the_headline_is_the_first_value_and_the_same_risk_at_other_times() -> None:
    findings = make_findings()

    def headline(*measurements: Measurement) -> tuple[Measurement, ...]:
        first = replace(findings.groups[0], measurements=measurements)
        return headline_of(replace(findings, groups=(first, *findings.groups[1:])))

    one, three, size = at(365), at(1096), at(None)
    months = replace(three, unit=MONTH)
    assert headline(one, three, size) == (one, three)
    assert headline(one, size, months) == (one,)
    assert headline(size, one) == (size,)


@pytest.mark.parametrize(
    ("days", "shown"), [(30, "30 days"), (1, "1 day"), (365, "1 year"), (1096, "3 years"), (1826, "5 years")]
)
def test_a_time_ahead_reads_as_people_say_it(days: int, shown: str) -> None:
    assert horizon_text(days) == shown


def test_what_several_risks_are_is_told_without_their_times() -> None:
    three = at(1096, "3-year mortality probability")
    assert common_meaning((at(365), three)) == "Mortality probability"
    assert common_meaning((at(365), at(1096, "3-year fracture probability"))) == "1-year mortality probability"
    assert common_meaning((at(365, "Risk"),)) == "Risk"


def test_a_derived_headline_says_where_it_was_measured() -> None:
    findings = make_findings()
    assert headline_meaning(findings) == "30-day all-cause mortality probability"
    first = findings.groups[0]
    derived = replace(first, measurements=(replace(first.measurements[0], derivation=MEAN),))
    told = headline_meaning(replace(findings, groups=(derived, *findings.groups[1:])))
    assert told == "Chest radiograph - analysed area: 30-day all-cause mortality probability (Mean)"
    named = replace(first, measurements=(replace(first.measurements[0], name=MEAN_ATTENUATION),))
    told = headline_meaning(replace(findings, groups=(named, *findings.groups[1:])))
    assert told == "Chest radiograph - analysed area: Mean Attenuation Coefficient"


def test_no_time_ahead_is_now() -> None:
    assert horizon_text(0) == "now"
