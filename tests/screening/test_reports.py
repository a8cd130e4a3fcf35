from itertools import pairwise

import pytest

from screening.reports import ObjectKind, Report, SendResult
from tests.screening.factories import UID, make_object


def result(status: int | None, detail: str = "") -> SendResult:
    return SendResult(status=status, detail=detail, sop_class_uid="1.2", sop_instance_uid="1.3")


@pytest.mark.parametrize("status", [0x0000, 0x0111, 0xB000, 0xB006, 0xB007, 0xBFFF])
def test_success_and_warning_are_delivered(status: int) -> None:
    assert result(status).delivered
    assert not result(status).permanent


@pytest.mark.parametrize("status", [0xA900, 0xA9FF, 0xC000, 0xC123, 0xCFFF, 0x0122])
def test_what_asking_again_does_not_change(status: int) -> None:
    assert result(status).permanent
    assert not result(status).delivered


@pytest.mark.parametrize("status", [0xA700, 0xA7FF, 0x0110, 0x0210, 0xFE00, 0x0001])
def test_what_may_work_later(status: int) -> None:
    assert not result(status).permanent
    assert not result(status).delivered


def test_no_answer_may_work_later() -> None:
    assert not result(None, "connection lost").delivered
    assert not result(None, "connection lost").permanent


def test_no_presentation_context_is_permanent() -> None:
    assert result(None, "no presentation context for Comprehensive 3D SR").permanent
    assert not result(None, "no presentation context for Comprehensive 3D SR").delivered


def test_no_status_is_both() -> None:
    assert not [status for status in range(0x10000) if result(status).delivered and result(status).permanent]


@pytest.mark.parametrize("name", ["sop_class_uid", "sop_instance_uid", "series_instance_uid"])
def test_objects_have_uids(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a DICOM UID"):
        make_object(**{name: "x"})


@pytest.mark.parametrize("encoded", [b"", bytes(132), b"DICM"])
def test_objects_are_files(encoded: bytes) -> None:
    with pytest.raises(ValueError, match=r"PS3\.10"):
        make_object(encoded=encoded)


def test_repr_of_an_object_leaves_out_its_bytes() -> None:
    assert "DICM" not in repr(make_object())


def test_roles_and_uids_are_unique_within_a_report() -> None:
    card, overlay = make_object(), make_object(role="overlay", sop_instance_uid=f"{UID}.10")
    assert Report(objects=(card, overlay)).objects == (card, overlay)
    with pytest.raises(ValueError, match="role must be unique"):
        Report(objects=(card, make_object(sop_instance_uid=f"{UID}.10")))
    with pytest.raises(ValueError, match="sop_instance_uid must be unique"):
        Report(objects=(card, make_object(role="overlay")))


def test_kinds_are_named_in_the_order_of_sending() -> None:
    assert all(first != second for first, second in pairwise(ObjectKind))
    assert [kind.value for kind in ObjectKind] == ["sc", "sr", "seg", "text-sr", "gsps", "kos"]


@pytest.mark.parametrize("engine", ["x" * 81, "torch\n2"])
def test_the_name_of_an_engine_is_one_short_line(engine: str) -> None:
    assert Report(objects=(), engine="OpenVINO 2026.4.1 (cpu)").engine
    with pytest.raises(ValueError, match="engine must be at most 80 printable characters"):
        Report(objects=(), engine=engine)
