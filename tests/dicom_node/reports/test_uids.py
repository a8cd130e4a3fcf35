from dataclasses import fields, replace

import pytest

from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID, ReportUids, uid_of
from screening.types import is_uid

UIDS = ReportUids(
    study_instance_uid="1.2.3",
    sop_instance_uids=("1.2.3.4", "1.2.3.5"),
    input_digest="a" * 64,
    model_name="model",
    model_version="1.0.0",
    weights_sha256="b" * 64,
    config_digest="c" * 64,
    run=0,
)


def test_a_uid_is_valid_short_and_known_beforehand() -> None:
    assert is_uid(UIDS.of("card"))
    assert len(UIDS.of("card")) <= 44
    assert UIDS.of("card") == "2.25.292039321741713526342735233910087665113"
    assert is_uid(IMPLEMENTATION_CLASS_UID)


def test_the_order_of_the_sources_does_not_matter() -> None:
    assert replace(UIDS, sop_instance_uids=("1.2.3.5", "1.2.3.4")).of("card") == UIDS.of("card")


@pytest.mark.parametrize("name", [field.name for field in fields(ReportUids)])
def test_every_part_of_the_key_changes_the_uid(name: str) -> None:
    other: dict[str, object] = {name: ("1.2.3.4",) if name == "sop_instance_uids" else 7 if name == "run" else "9"}
    assert replace(UIDS, **other).of("card") != UIDS.of("card")  # type: ignore[arg-type]
    assert UIDS.of("overlay") != UIDS.of("card")


def test_texts_do_not_run_together() -> None:
    assert uid_of("a", "bc") != uid_of("ab", "c")


def test_the_device_is_the_same_on_every_study_until_the_model_changes() -> None:
    assert replace(UIDS, study_instance_uid="1.9", run=3, config_digest="d").device == UIDS.device
    assert replace(UIDS, weights_sha256="e" * 64).device != UIDS.device
    assert replace(UIDS, model_version="1.0.1").device != UIDS.device
