import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_node.reports import content
from dicom_node.reports.normalise import normalise
from screening.codes import CHEST, PERCENT
from screening.findings import Region
from tests.dicom_node.reports.factories import COLUMNS, ROWS, SOP_UID, make_source


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (-0.0, "0"), (34.2, "34.2"), (100.0, "100"), (-0.412, "-0.412"), (123456789012.5, "123456789012.5")],
)
def test_numbers_read_as_people_write_them(value: float, written: str) -> None:
    assert content.decimal_string(value) == written


@given(st.floats(min_value=-1e300, max_value=1e300, allow_nan=False))
def test_every_number_fits_vr_ds_and_keeps_its_value(value: float) -> None:
    written = content.decimal_string(value)
    assert len(written) <= 16
    assert float(written) == pytest.approx(value, rel=1e-6, abs=1e-9)


def test_points_beyond_the_image_are_moved_onto_its_edge() -> None:
    source = normalise([make_source()]).sources[0]
    place = Region(graphic_type="POLYLINE", points=((-5.0, -1.0), (1e4, 10.0), (3.0, 1e4)), sop_instance_uid=SOP_UID)
    item = content.region(CHEST, place, source, CHEST)
    assert item.GraphicData == [0.0, 0.0, COLUMNS, 10.0, 3.0, ROWS]


def test_a_number_without_children_has_no_empty_sequence() -> None:
    assert "ContentSequence" not in content.number(CHEST, 1.0, PERCENT)
