from dataclasses import replace
from datetime import datetime

import pytest

from dicom_node.reports.request import Predecessor
from screening.reports import ObjectKind
from tests.dicom_node.reports.factories import NAME, PATIENT_ID, make_request


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="inferred_at must have a time zone, got 2026-11-21T14:03:00"):
        replace(make_request(), inferred_at=datetime(2026, 11, 21, 14, 3))  # noqa: DTZ001 - the point


def test_a_negative_run_and_no_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="run must not be negative, got -1"):
        replace(make_request(), run=-1)
    with pytest.raises(ValueError, match="sources must name at least one instance"):
        replace(make_request(), sources=())


def test_its_repr_tells_nothing_of_the_patient() -> None:
    shown = repr(make_request())
    assert NAME not in shown
    assert PATIENT_ID not in shown


def test_a_predecessor_must_be_named_by_uids() -> None:
    with pytest.raises(ValueError, match="sop_instance_uid must be a DICOM UID"):
        Predecessor(study_instance_uid="1.2", series_instance_uid="1.3", sop_instance_uid="x", sop_class_uid="1.4")


def test_what_is_always_made_is_no_further_form() -> None:
    assert replace(make_request(), forms=(ObjectKind.KOS,)).forms == (ObjectKind.KOS,)
    with pytest.raises(ValueError, match="forms must be of text-sr, gsps, kos, got sr"):
        replace(make_request(), forms=(ObjectKind.SR,))
