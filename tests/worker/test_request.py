"""A request reaches the child as it was."""

import json
from pathlib import Path

import pytest

from dicom_node.reports.request import Predecessor
from screening.codes import PNEUMONIA
from screening.reports import ObjectKind
from screening.settings import ModelSettings
from screening.types import ClinicalContext
from tests.worker.factories import STUDY, make_instance, make_request
from worker.request import ScreenRequest


def test_json_and_back() -> None:
    request = make_request(
        instances=(make_instance(1, PatientName="DOE^JANE"), make_instance(2)),
        paths=(Path("/a"), Path("/b")),
        context=ClinicalContext(diagnoses=(PNEUMONIA,), items={"urea_mmol_per_l": 8.0}),
        thresholds=(5.0, 15.0),
        bundle=Path("/site/bundle"),
        predecessors=(
            Predecessor(
                study_instance_uid=STUDY, series_instance_uid="1.2", sop_instance_uid="1.3", sop_class_uid="1.4"
            ),
        ),
        forms=(ObjectKind.GSPS, ObjectKind.KOS),
        engine="openvino",
        engine_cache=Path("/cache"),
        half_precision=True,
    )
    again = ScreenRequest.from_json(json.loads(json.dumps(request.to_json())))
    assert again.to_json() == request.to_json()
    assert again.model_settings == ModelSettings(thresholds=(5.0, 15.0), bundle=Path("/site/bundle"))
    assert again.predecessors == request.predecessors
    assert again.forms == request.forms
    assert (again.engine, again.engine_cache, again.half_precision) == ("openvino", Path("/cache"), True)
    assert dict(again.instances[0].header) == dict(request.instances[0].header)


def test_each_instance_needs_its_file() -> None:
    with pytest.raises(ValueError, match="a file for each of 1 instances"):
        make_request(paths=())


def test_no_patient_in_its_repr() -> None:
    assert "DOE" not in repr(make_request(instances=(make_instance(1, PatientName="DOE^JANE"),)))


@pytest.mark.parametrize(("modality", "volume"), [("CT", True), ("ct", True), ("CR", False), ("", False)])
def test_a_ct_is_read_as_one_volume(modality: str, volume: bool) -> None:
    instance = make_instance(1, Modality=modality)
    assert make_request(instances=(instance,)).is_volume is volume
