"""Values of several levels stand side by side, from the head down."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dicom_node.reports.canvas import Canvas, Column
from dicom_node.reports.card_picture import draw_card
from dicom_node.reports.strips import draw_strips, strips_of
from screening import codes
from screening.findings import Findings, Measurement
from tests.dicom_node.reports.drawn import catch
from tests.dicom_node.reports.factories import CARD, make_findings
from tests.dicom_node.reports.slices import masked_findings


def with_levels(*levels: str) -> Findings:
    """A headline, and the attenuation at each level in the order given."""
    one = masked_findings().groups[0]
    mean = one.measurements[0]
    rest = tuple(
        replace(one, tracking_identifier=f"{level} trabecular ROI", site=codes.VERTEBRAE[level],
                measurements=(replace(mean, value=100.0 + n),))
        for n, level in enumerate(levels)
    )  # fmt: skip
    return replace(make_findings(), groups=(make_findings().groups[0], *rest))


def test_levels_are_told_from_the_head_down() -> None:
    (strip,) = strips_of(with_levels("L1", "L3", "T12", "L2"))
    assert strip.title == "Attenuation Coefficient (Mean), trabecular ROI"
    assert [(place, one.value) for place, one in strip.cells] == [
        ("T12", 102.0), ("L1", 100.0), ("L2", 103.0), ("L3", 101.0),
    ]  # fmt: skip


def test_two_places_and_other_sites_are_no_strip() -> None:
    assert strips_of(with_levels("L1", "L2")) == []
    assert strips_of(make_findings()) == []


def test_the_card_tells_each_value_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    draw_card(CARD, with_levels("L1", "L2", "L3"), datetime(2026, 11, 21, tzinfo=UTC))
    for told in ("100.0 HU", "101.0 HU", "102.0 HU"):
        assert told in drawn.lines
    assert not any("L2 trabecular ROI:" in text for text in drawn.lines)


def test_strips_take_their_height() -> None:
    strips = strips_of(with_levels("L1", "L2", "L3"))
    page = Column(Canvas(1280), 56, 1168)
    assert draw_strips(page, 10, []) == 10
    assert draw_strips(page, 10, strips) > 60
    assert isinstance(strips[0].cells[0][1], Measurement)
