from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pytest

from dicom_node.reports.build import build_report
from dicom_node.reports.card_picture import BANNER_HEIGHT, draw_card
from dicom_node.reports.colours import BANNER, STRATUM, TRACK
from screening.card import Evidence
from screening.codes import MONTH, NO_UNITS, PRIVATE_SCHEME, RISK_HIGH, CodedName
from screening.findings import Findings, Measurement, NotEvaluable
from tests.dicom_node.reports.drawn import catch
from tests.dicom_node.reports.factories import (
    BIRTH_DATE,
    CARD,
    NAME,
    PATIENT_ID,
    REFUSAL,
    make_findings,
    make_picture,
    make_request,
    make_source,
)

MOMENT = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
LONG = "A remark that a careful author wrote at length about the limits of the model and of this header. " * 3


def count(picture: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    return int((picture == np.array(colour, dtype=np.uint8)).all(axis=2).sum())


def with_headline(measurement: Measurement) -> Findings:
    findings = make_findings()
    return replace(findings, groups=(replace(findings.groups[0], measurements=(measurement,)),))


def test_the_card_tells_the_result_and_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    picture = draw_card(CARD, make_findings(), MOMENT)
    assert picture.shape[1] * 3 == picture.shape[0] * 4
    assert picture.shape[0] >= 768
    for told in ("34.2", "%", "28.2 to 41.2 %", "HIGH", CARD.title, "2026-11-21 14:03 UTC", "weights ab12cd34ab12"):
        assert told in drawn.text
    for told in (make_findings().conclusion, *make_findings().notes, *CARD.limits):
        assert told in " ".join(drawn.text.split())
    assert drawn.lines.count(CARD.banner) == 2
    assert drawn.outside == []


@pytest.mark.parametrize("evidence", list(Evidence))
def test_the_banner_is_at_the_top_and_at_the_bottom(evidence: Evidence) -> None:
    picture = draw_card(replace(CARD, evidence=evidence), make_findings(), MOMENT)
    for strip in (picture[:BANNER_HEIGHT], picture[-BANNER_HEIGHT:]):
        assert count(strip, BANNER[evidence][0]) > 0.7 * strip.shape[0] * strip.shape[1]


def test_the_bar_is_as_long_as_the_risk() -> None:
    shares = {}
    for percent in (0.03, 25.0, 50.0, 100.0):
        picture = draw_card(CARD, make_findings(percent=percent), MOMENT)
        colour = np.array(STRATUM[RISK_HIGH.value], dtype=np.uint8)
        rows = (picture == np.array(TRACK, dtype=np.uint8)).all(axis=2).sum(axis=1)
        filled = (picture == colour).all(axis=2).sum(axis=1)
        # the bar's row: where track and fill together are widest
        row = int(np.argmax(rows[: picture.shape[0] // 2] + filled[: picture.shape[0] // 2]))
        shares[percent] = (filled[row] - 10) / (picture.shape[1] - 2 * 56 - 2 * 36)  # 10: the stripe at the left
    assert shares[0.03] < 0.005
    assert shares[25.0] == pytest.approx(0.25, abs=0.01)
    assert shares[50.0] == pytest.approx(0.50, abs=0.01)
    assert shares[100.0] == pytest.approx(1.0, abs=0.015)


def test_a_value_that_is_no_percentage_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    name = CodedName(value="AGECXR", scheme=PRIVATE_SCHEME, meaning="Age estimated from chest radiograph")
    draw_card(CARD, with_headline(Measurement(name=name, value=86.4, unit=MONTH, low=71.2, high=101.9)), MOMENT)
    assert drawn.lines[4:8] == ["7", "years", "2", "months"]
    assert "5 years 11 months to 8 years 6 months" in drawn.lines
    assert drawn.outside == []
    assert "50 %" not in drawn.lines


def test_every_other_value_is_listed_and_heat_is_left_to_the_overlay(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    findings = make_findings()
    name = CodedName(value="LOGHAZ", scheme=PRIVATE_SCHEME, meaning="Relative log-hazard")
    extra = Measurement(name=name, value=-0.412, unit=NO_UNITS)
    first = replace(findings.groups[0], measurements=(*findings.groups[0].measurements, extra))
    other = replace(findings.groups[0], tracking_identifier="L1", measurements=(extra,))
    draw_card(CARD, replace(findings, groups=(first, findings.groups[1], other)), MOMENT)
    assert drawn.lines.count("-0.41") == 2
    assert "L1: Relative log-hazard" in drawn.lines
    assert "41.2 %" not in drawn.lines


def test_an_unusual_image_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    draw_card(CARD, replace(make_findings(), out_of_distribution=1.7), MOMENT)
    assert "from the training images: 1.70 (usual is up to 1)" in drawn.text


def test_a_refusal_is_as_plain_as_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    picture = draw_card(CARD, REFUSAL, MOMENT)
    assert picture.shape == (960, 1280, 3)
    assert "Not evaluable" in drawn.lines
    assert REFUSAL.reason in drawn.text
    assert "age-unknown" in drawn.text
    assert f"What this model is for: {CARD.intended_use}" in drawn.text
    assert drawn.outside == []


@pytest.mark.parametrize(
    "outcome",
    [
        replace(make_findings(), conclusion=LONG * 3, notes=(LONG,) * 12),
        NotEvaluable(code="a-long-story", reason=LONG * 8),
        with_headline(
            Measurement(
                name=CodedName(value="BIG", scheme="X", meaning="W" * 64), value=1e9, unit=MONTH, low=1e8, high=2e9
            )
        ),
    ],
    ids=["findings", "refusal", "wide"],
)
def test_text_is_never_cut_off(outcome: Findings | NotEvaluable, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    picture = draw_card(replace(CARD, title="W" * 150, limits=(LONG, "Y" * 300)), outcome, MOMENT)
    assert drawn.outside == []
    assert "Y" * 300 in "".join(drawn.lines)
    told = outcome.reason if isinstance(outcome, NotEvaluable) else outcome.conclusion
    assert "".join(told.split()) in "".join(drawn.text.split())
    assert picture.shape[1] <= 2080


def test_no_picture_is_told_who_the_patient_is(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    source = make_source(PatientAge="075Y", AccessionNumber="ACC-5501", StudyDescription="Quillfeather follow-up")
    for outcome in (make_findings(), REFUSAL):
        build_report(make_request(outcome, source, picture=make_picture()))
    told = drawn.text.lower()
    assert len(drawn.lines) > 50
    for private in (*NAME.split("^"), PATIENT_ID, BIRTH_DATE, "1951", "075Y", "ACC-5501", "follow-up"):
        assert private.lower() not in told
