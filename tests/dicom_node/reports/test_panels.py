"""Several times ahead stand side by side, each with its own bar."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from dicom_node.reports.canvas import Canvas, Column
from dicom_node.reports.card_picture import draw_card
from dicom_node.reports.colours import NEUTRAL, PANEL, STRATUM
from dicom_node.reports.panels import draw_panel, draw_pill, horizons_panel
from screening import codes
from screening.codes import PERCENT, PRIVATE_SCHEME, RISK_HIGH, CodedName
from screening.findings import Findings, Measurement, MeasurementGroup
from tests.dicom_node.reports.drawn import catch
from tests.dicom_node.reports.factories import CARD, make_findings

MOMENT = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)


def risk(year: int, percent: float, *, low: float | None = None, high: float | None = None) -> Measurement:
    name = CodedName(
        value=f"MORT{year}Y", scheme=PRIVATE_SCHEME, meaning=f"{year}-year all-cause mortality probability"
    )
    days = round(365.25 * year)
    return Measurement(name=name, value=percent, unit=PERCENT, horizon_days=days, low=low, high=high)


def several(*measurements: Measurement, stratum: bool = True) -> Findings:
    first, *others = make_findings().groups
    kept = replace(first, measurements=measurements, qualitative=first.qualitative if stratum else ())
    return replace(make_findings(), groups=(kept, *others))


THREE = several(risk(1, 4.04), risk(3, 9.5), risk(5, 52.0))


def test_each_time_has_its_value_and_the_name_stands_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    draw_card(CARD, THREE, MOMENT)
    for told in ("within 1 year", "within 3 years", "within 5 years", "4.0", "9.5", "52.0", "HIGH", "risk stratum"):
        assert drawn.lines.count(told) == 1, told
    assert drawn.lines.count("All-cause mortality probability") == 1
    assert drawn.lines.count("100 %") == 3
    assert drawn.outside == []


def test_the_bars_are_as_long_as_the_risks() -> None:
    canvas = Canvas(1200, 420)
    findings = several(risk(1, 25.0), risk(3, 50.0), risk(5, 100.0), stratum=False)
    bottom = horizons_panel(Column(canvas, 40, 1120), 10, findings)
    filled = (canvas.pixels() == np.array(NEUTRAL, np.uint8)).all(axis=2)
    width = (1120 - 72 - 80) // 3
    lefts = [76 + index * (width + 40) for index in range(3)]
    row = next(row for row in range(bottom, 0, -1) if filled[row, lefts[2] + 10 : lefts[2] + width - 10].all()) - 8
    shares = [filled[row, left : left + width].mean() for left in lefts]
    assert shares == pytest.approx([0.25, 0.5, 1.0], abs=0.04)


def test_intervals_make_the_panel_taller_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    bare = horizons_panel(Column(Canvas(1200, 500), 40, 1120), 0, THREE)
    bounded = several(risk(1, 4.0, low=2.0, high=7.0), risk(3, 9.5, low=6.0, high=14.0))
    assert horizons_panel(Column(Canvas(1200, 500), 40, 1120), 0, bounded) > bare
    assert "2.0 to 7.0 %" in drawn.lines
    assert "6.0 to 14.0 %" in drawn.lines


def test_a_narrow_panel_still_holds_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    canvas = Canvas(760, 600)
    horizons_panel(Column(canvas, 20, 720), 10, several(risk(1, 100.0), risk(3, 100.0), risk(5, 100.0)))
    assert drawn.outside == []
    assert drawn.lines.count("100.0") == 3


def test_the_same_risks_of_another_group_take_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    first = THREE.groups[0]
    part = MeasurementGroup(
        tracking_identifier="Radiomics alone", finding=first.finding, site=first.site, region=first.region,
        measurements=(risk(1, 2.28), risk(3, 6.17), risk(5, 9.04)),
    )  # fmt: skip
    draw_card(CARD, replace(THREE, groups=(first, part)), MOMENT)
    assert "2.3 / 6.2 / 9.0 %" in drawn.lines
    assert "Radiomics alone: All-cause mortality probability, 1 / 3 / 5 years" in drawn.text


def test_panel_and_pill_are_in_their_colours() -> None:
    canvas = Canvas(600, 300)
    colour = STRATUM[RISK_HIGH.value]
    draw_panel(Column(canvas, 20, 560), 20, 280, colour)
    draw_pill(canvas, (300, 60, 540, 130), "HIGH", colour)
    pixels = canvas.pixels()
    assert tuple(pixels[150, 24]) == colour
    assert tuple(pixels[200, 200]) == PANEL
    assert tuple(pixels[64, 420]) == colour


def test_the_present_stands_beside_the_times_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Measurement(name=codes.RISK_STRATUM, value=2.0, unit=PERCENT, horizon_days=0)
    drawn = catch(monkeypatch)
    draw_card(CARD, several(now, risk(3, 9.5)), MOMENT)
    assert "now" in drawn.lines
    assert "within 3 years" in drawn.lines
    assert "within 0 days" not in drawn.lines
