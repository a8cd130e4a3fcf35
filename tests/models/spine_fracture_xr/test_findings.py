import numpy as np

from models.spine_fracture_xr.findings import analysed_area, centres, headline, risks
from screening.codes import RISK_HIGH

UID = "1.2.3"
SPINE = np.array([[130.0, 60], [134, 95], [136, 131], [134, 166], [128, 200]])


def test_the_first_group_holds_what_the_report_needs() -> None:
    told = risks({1: 0.0123, 2: 0.02, 3: 0.04, 5: 0.081})
    region = analysed_area(SPINE, (260, 256), UID)
    group = headline(
        told, log_hazard=0.25, percentile=61.04, confidence=1.002, region=region, stratum=(RISK_HIGH,)
    )  # fmt: skip
    assert (group.finding.value, group.site.value) == ("VFRISK", "122496007")
    assert [(m.name.value, m.unit.value, m.value, m.horizon_days) for m in group.measurements] == [
        ("VFX1Y", "%", 1.23, 365), ("VFX2Y", "%", 2.0, 730), ("VFX3Y", "%", 4.0, 1096), ("VFX5Y", "%", 8.1, 1826),
        ("LOGHAZ", "1", 0.25, None), ("VFPCTL", "%", 61.0, None), ("KPCONFMIN", "%", 100.0, None),
    ]  # fmt: skip
    assert [answer.value for answer in group.qualitative] == [RISK_HIGH]


def test_each_level_is_a_point_without_a_number() -> None:
    groups = centres(SPINE, UID)
    assert [group.tracking_identifier for group in groups] == [f"L{n} vertebral body centre" for n in range(1, 6)]
    assert [group.site.value for group in groups] == ["66794005", "14293000", "36470004", "11994002", "49668003"]
    for group, point in zip(groups, SPINE, strict=True):
        assert group.finding.value == "VBCENTRE"
        assert group.region.graphic_type == "POINT"
        assert group.region.points == (tuple(point),)
        assert group.measurements == ()
        assert [(a.name.value, a.value.value) for a in group.qualitative] == [("130400", "111010")]


def test_the_area_is_around_the_levels_and_inside_of_the_picture() -> None:
    x, y = np.array(analysed_area(SPINE, (260, 256), UID).points).T
    assert x.min() < 128 - 20 < 136 + 20 < x.max()
    assert y.min() < 60 - 20 < 200 + 20 < y.max()
    x, y = np.array(analysed_area(SPINE, (205, 140), UID).points).T
    assert (x.max(), y.max()) == (138, 203)
