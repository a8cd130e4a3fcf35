from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pytest

from dicom_node.reports.card_picture import BANNER_HEIGHT
from dicom_node.reports.overlay_picture import LONGEST_SIDE, draw_overlay, has_overlay
from screening.codes import SKELETAL_MUSCLE, TISSUE
from screening.findings import Findings, Heatmap, Region, Segment
from tests.dicom_node.reports.drawn import catch
from tests.dicom_node.reports.factories import CARD, COLUMNS, ROWS, SOP_UID, make_findings, make_picture

MOMENT = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
PANEL = 440


def image_part(page: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    """The page without banners and without the panel beside the image."""
    return page[BANNER_HEIGHT:-BANNER_HEIGHT, : page.shape[1] - PANEL].astype(np.int16)


def colourful(part: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.ptp(part, axis=2) > 60)


def bare(findings: Findings) -> Findings:
    """The findings with one region, outside of what the tests look at."""
    corner = Region(graphic_type="POLYLINE", points=((0, 0), (2, 0), (2, 2)), sop_instance_uid=SOP_UID)
    return replace(findings, groups=(replace(findings.groups[0], region=corner),))


def test_heat_lies_where_the_model_put_it() -> None:
    page = draw_overlay(CARD, bare(make_findings()), make_picture(), MOMENT)
    part = image_part(page)
    rows, columns = np.nonzero(colourful(part)[30:, 30:])
    scale = LONGEST_SIDE / ROWS
    assert np.mean(columns) + 30 == pytest.approx((0.1 + 0.8 * 0.3) * COLUMNS * scale, abs=20)
    assert np.mean(rows) + 30 == pytest.approx((0.1 + 0.8 * 0.6) * ROWS * scale, abs=20)
    cool = part[LONGEST_SIDE // 4, 30:-30]
    assert np.ptp(cool, axis=1).max() == 0  # where there is no heat the radiograph is untouched
    assert set(np.unique(cool)) <= {127, 128}


@pytest.mark.parametrize(
    ("rows", "columns", "spacing", "width", "height"),
    [
        (400, 200, None, 600, 1200),
        (200, 400, None, 1200, 600),
        (300, 300, (0.2, 0.1), 600, 1200),
        (300, 300, (0.1, 0.2), 1200, 600),
        (3000, 2400, (0.14, 0.14), 960, 1200),
    ],
)
def test_the_aspect_is_physical(
    rows: int, columns: int, spacing: tuple[float, float] | None, width: int, height: int
) -> None:
    picture = make_picture(rows=rows, columns=columns, spacing=spacing)
    page = draw_overlay(CARD, make_findings(rows=rows, columns=columns), picture, MOMENT)
    assert page.shape[1] == width + PANEL
    part = image_part(page)
    shown = (part[:, 5] == part[part.shape[0] // 2, 5]).all(axis=1)
    assert int(shown.sum()) == pytest.approx(height, abs=4)


def test_the_outline_is_drawn_at_its_place() -> None:
    part = image_part(draw_overlay(CARD, replace(make_findings(), heatmap=None), make_picture(), MOMENT))
    scale = LONGEST_SIDE / ROWS
    left = round(0.1 * COLUMNS * scale)
    around = part[200:1000, left - 8 : left + 8]
    assert colourful(around).any()
    assert not colourful(part[200:1000, left + 20 : left + 60]).any()


def test_the_legend_names_every_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    draw_overlay(CARD, make_findings(), make_picture(), MOMENT)
    for told in (
        "34.2 %",
        "High risk stratum",
        "Where the model looked",
        "Heatmap hot spot 1",
        "41.2 %",
        "none",
        "most",
    ):
        assert told in drawn.text
    assert drawn.lines.count("1") == 2  # on the image and in the legend
    assert drawn.lines.count(CARD.banner) == 2
    assert drawn.outside == []


def test_a_long_legend_makes_a_taller_page(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    findings = make_findings()
    many = replace(findings, groups=(*findings.groups, *(findings.groups[1],) * 14))
    page = draw_overlay(replace(CARD, title="A title of many words " * 6), many, make_picture(), MOMENT)
    assert page.shape[0] > LONGEST_SIDE + 2 * BANNER_HEIGHT
    assert drawn.outside == []


def test_a_box_beyond_the_image_is_cut_at_its_edge() -> None:
    findings = make_findings()
    assert findings.heatmap is not None
    wide = Heatmap(values=np.ones((4, 4), dtype=np.float32), box=(-100, -50, 900, 700), sop_instance_uid=SOP_UID)
    part = image_part(draw_overlay(CARD, bare(replace(findings, heatmap=wide)), make_picture(), MOMENT))
    assert colourful(part)[30:-30, 30:-30].all()


def test_heat_with_two_ends_is_drawn_in_two_colours_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    values = np.ones((4, 4), dtype=np.float32)
    values[:, :2] = -1
    box = (0.0, 0.0, float(COLUMNS), float(ROWS))
    signed = Heatmap(values=values, box=box, sop_instance_uid=SOP_UID, ends=("younger", "older"))
    part = image_part(draw_overlay(CARD, bare(replace(make_findings(), heatmap=signed)), make_picture(), MOMENT))
    left, right = part[100:-100, 30:300], part[100:-100, -300:-30]
    assert (left[..., 2] > left[..., 0] + 40).all()
    assert (right[..., 0] > right[..., 2] + 40).all()
    for told in ("What speaks for younger or older", "younger", "neither", "older"):
        assert told in drawn.lines
    assert drawn.outside == []


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (None, "No place of the image raises the result, so none is coloured."),
        (("younger", "older"), "No place of the image speaks for either, so none is coloured."),
    ],
)
def test_heat_that_shows_no_colour_is_told_in_words_instead_of_a_scale(
    ends: tuple[str, str] | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = catch(monkeypatch)
    box = (0.0, 0.0, float(COLUMNS), float(ROWS))
    cold = Heatmap(values=np.zeros((4, 4), dtype=np.float32), box=box, sop_instance_uid=SOP_UID, ends=ends)
    page = draw_overlay(CARD, bare(replace(make_findings(), heatmap=cold)), make_picture(), MOMENT)
    assert not colourful(image_part(page))[30:, 30:].any()
    assert told in drawn.text
    assert not {"most", "half", "neither"} & set(drawn.lines)


def test_points_and_circles_are_drawn() -> None:
    findings = replace(make_findings(), heatmap=None)
    point = Region(graphic_type="POINT", points=((130.0, 160.0),), sop_instance_uid=SOP_UID)
    circle = Region(graphic_type="CIRCLE", points=((60.0, 250.0), (70.0, 250.0)), sop_instance_uid=SOP_UID)
    marked = replace(
        findings, groups=(findings.groups[0], *(replace(findings.groups[1], region=r) for r in (point, circle)))
    )
    part = image_part(draw_overlay(CARD, marked, make_picture(), MOMENT))
    scale = LONGEST_SIDE / ROWS
    for x, y in ((130, 160), (70, 250), (50, 250)):
        spot = part[round(y * scale) - 3 : round(y * scale) + 3, round(x * scale) - 3 : round(x * scale) + 3]
        assert spot.max() > 200


def test_findings_elsewhere_have_no_overlay_here() -> None:
    assert has_overlay(make_findings(), make_picture())
    assert not has_overlay(make_findings(), make_picture(sop_instance_uid="1.2.3"))


def test_several_times_ahead_are_told_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    findings = make_findings()
    first = findings.groups[0]
    one = first.measurements[0]
    three = replace(one, value=51.0, horizon_days=1096)
    many = replace(findings, groups=(replace(first, measurements=(one, three)), *findings.groups[1:]))
    draw_overlay(CARD, many, make_picture(), MOMENT)
    for told in ("30 days", "34.2 %", "3 years", "51.0 %", "All-cause mortality probability"):
        assert told in drawn.lines
    assert drawn.outside == []


def test_a_group_on_the_headlines_region_is_not_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = make_findings()
    same = replace(findings.groups[1], tracking_identifier="Radiomics alone", region=findings.groups[0].region)
    alone = draw_overlay(CARD, findings, make_picture(), MOMENT)
    drawn = catch(monkeypatch)
    both = draw_overlay(CARD, replace(findings, groups=(*findings.groups, same)), make_picture(), MOMENT)
    assert np.array_equal(alone, both)
    assert "Radiomics alone" not in drawn.text


def test_a_mask_is_coloured_where_it_lies_and_in_the_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.zeros((1, ROWS, COLUMNS), np.bool_)
    mask[0, 100:200, 50:150] = True
    first, other = make_findings().groups[:2]
    segment = Segment(
        label="Muscle", category=TISSUE, kind=SKELETAL_MUSCLE, site=None, tracking_identifier=other.tracking_identifier,
        sop_instance_uids=(SOP_UID,), mask=mask,
    )  # fmt: skip
    findings = replace(bare(make_findings()), heatmap=None, segments=(segment,), groups=(first, other))
    page = draw_overlay(CARD, findings, make_picture(), MOMENT)
    part, scale = image_part(page), LONGEST_SIDE / ROWS
    inside = part[int(110 * scale) : int(190 * scale), int(60 * scale) : int(140 * scale)]
    assert (inside[..., 1] > inside[..., 0]).mean() > 0.99  # the first colour is green
    grey = part[int(30 * scale) : int(31 * scale), int(60 * scale) : int(140 * scale)]
    assert np.ptp(grey, axis=2).max() < 40
    green = (page[..., 1].astype(int) - page[..., 0]) > 100
    assert green[:, page.shape[1] - PANEL :].any()
