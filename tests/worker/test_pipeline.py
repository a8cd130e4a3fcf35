"""From files to objects with real reading and real reports; only the model is made up."""

import gc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from pydicom import dcmread

from dicom_node.header import read_instance
from dicom_node.reports.request import Predecessor
from models import weights
from models.contract import ScreeningModel
from models.engines.cache import Cache
from models.engines.compiling import compile_part
from models.engines.openvino_engine import Run
from screening.codes import PNEUMONIA
from screening.errors import ConfigurationChanged, UnknownModel
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Outcome
from screening.images import Image, Radiograph, Volume
from screening.reports import ObjectKind, Report
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Eligible, Patient
from tests.dicom_node import build
from tests.dicom_node.reports.factories import make_findings
from tests.models.engines.tiny import flat
from tests.worker.factories import STUDY, make_request
from tests.worker.fake_model import COLUMNS, ROWS, FakeModel, find, write_picture
from tests.worker.fake_registry import CONFIG_DIGEST, FakeRegistry
from tests.worker.ports import make_card
from worker.pipeline import Pipeline
from worker.request import ScreenRequest
from worker.version import SOFTWARE_VERSION

PATIENT: dict[str, Any] = {"PatientID": "ZQ-778812", "PatientName": "Quillfeather^Zebulon"}
REFUSAL = NotEvaluable(code="age-unknown", reason="no birth date")


@pytest.fixture
def model(registry: FakeRegistry) -> FakeModel:
    """The model that the registry loads."""
    made = FakeModel()
    registry.loader = lambda _name, _settings: made
    return made


def _request(paths: Sequence[Path], **changes: Any) -> ScreenRequest:
    instances = tuple(read_instance(path, location=str(path)) for path in paths)
    chosen = Eligible(
        series_instance_uid=instances[0].series_instance_uid,
        sop_instance_uids=tuple(instance.sop_instance_uid for instance in instances),
        reason="frontal",
    )
    return make_request(instances=instances, paths=tuple(paths), chosen=chosen, **changes)


def _uids(report: Report) -> list[tuple[str, str, str]]:
    return [(item.role, item.sop_instance_uid, item.series_instance_uid) for item in report.objects]


def test_a_radiograph_becomes_findings_and_a_report(model: FakeModel, tmp_path: Path) -> None:
    context = ClinicalContext(diagnoses=(PNEUMONIA,))
    outcome, report = Pipeline(threads=1).run(_request([write_picture(tmp_path)], context=context))
    assert isinstance(outcome, Findings)
    assert [item.kind for item in report.objects] == [ObjectKind.SC, ObjectKind.SC, ObjectKind.SR]
    ((image, patient, told),) = model.shown
    assert isinstance(image, Radiograph)
    assert image.pixels.shape == (ROWS, COLUMNS)
    assert patient.age_years is not None
    assert (int(patient.age_years), patient.sex, told) == (75, "F", context)


def test_the_engine_is_told_and_stands_in_no_object(registry: FakeRegistry, tmp_path: Path) -> None:
    part = flat()
    registry.loader = lambda _name, _settings: FakeModel(parts=(part,))
    paths, pipeline, cache = [write_picture(tmp_path)], Pipeline(threads=1), Cache(tmp_path / "engines")
    request = _request(paths, engine="auto", engine_cache=cache.folder)
    _, waiting = pipeline.run(request)
    cache.write(request.model_name, request.config_digest, {"trunk": compile_part(flat(), threads=1)})
    _, taken = pipeline.run(request)
    assert waiting.engine.startswith("torch ")
    assert taken.engine.startswith("OpenVINO ")
    assert waiting.objects == taken.objects
    assert isinstance(part.network.forward, Run)


def test_every_object_is_of_the_study_and_the_patient(model: FakeModel, tmp_path: Path) -> None:
    _, report = Pipeline(threads=1).run(_request([write_picture(tmp_path)]))
    for item in report.objects:
        stored = dcmread(BytesIO(item.encoded))
        assert (stored.StudyInstanceUID, stored.PatientID, stored.AccessionNumber) == (STUDY, "ZQ-778812", "A-17")
        assert stored.SOPInstanceUID == item.sop_instance_uid
        assert SOFTWARE_VERSION in str(stored.SoftwareVersions)


def test_the_same_images_give_the_same_uids_at_another_time(model: FakeModel, tmp_path: Path) -> None:
    paths = [write_picture(tmp_path)]
    later = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=3)
    _, first = Pipeline(threads=1).run(_request(paths))
    _, again = Pipeline(threads=1).run(_request(paths, inferred_at=later))
    _, other = Pipeline(threads=1).run(_request(paths, input_digest="9" * 64))
    assert _uids(first) == _uids(again)
    assert not set(_uids(first)) & set(_uids(other))


def test_a_revision_names_its_predecessor(model: FakeModel, tmp_path: Path) -> None:
    before = Predecessor(
        study_instance_uid=STUDY,
        series_instance_uid="2.25.1",
        sop_instance_uid="2.25.2",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
    )
    _, report = Pipeline(threads=1).run(_request([write_picture(tmp_path)], predecessors=(before,)))
    stored = dcmread(BytesIO(report.objects[-1].encoded))
    series = stored.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.2"


def test_further_forms_are_made_where_they_are_wanted_and_change_nothing_else(model: FakeModel, tmp_path: Path) -> None:
    paths = [write_picture(tmp_path)]
    _, plain = Pipeline(threads=1).run(_request(paths))
    _, more = Pipeline(threads=1).run(_request(paths, forms=(ObjectKind.KOS, ObjectKind.TEXT_SR, ObjectKind.GSPS)))
    assert more.objects[: len(plain.objects)] == plain.objects
    assert [item.encoded for item in more.objects[:3]] == [item.encoded for item in plain.objects]
    assert [item.role for item in more.objects[3:]] == ["text", "marks", "key-objects"]


def test_what_was_loaded_is_no_garbage_to_look_at(model: FakeModel, tmp_path: Path) -> None:
    gc.unfreeze()
    Pipeline(threads=1).run(_request([write_picture(tmp_path)]))
    assert gc.get_freeze_count() > 0


def test_what_the_model_refuses_is_reported_as_such(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.loader = lambda _name, _settings: FakeModel(lambda *_: REFUSAL)
    outcome, report = Pipeline(threads=1).run(_request([write_picture(tmp_path)]))
    assert outcome == REFUSAL
    assert [item.role for item in report.objects] == ["card", "measurements"]


GPU_FAULTS = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("CUDA error: unspecified launch failure"),
    ValueError("value of m must be finite, got nan"),
]


@pytest.mark.parametrize("fault", GPU_FAULTS, ids=["out of memory", "lost", "NaN"])
def test_what_fails_on_a_gpu_is_done_on_the_cpu(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Exception
) -> None:
    monkeypatch.setattr(weights, "pick_device", lambda name: torch.device("cpu" if name == "cpu" else "cuda"))
    good, runs = FakeModel(), []

    def broken(*_: object) -> Findings:
        runs.append("cuda")
        raise fault

    registry.loader = lambda _name, _settings: good if registry.devices[-1] == "cpu" else FakeModel(broken)
    pipeline, request = Pipeline(threads=1), _request([write_picture(tmp_path)], device="auto")
    first, _ = pipeline.run(request)
    again, _ = pipeline.run(request)
    assert isinstance(first, Findings)
    assert isinstance(again, Findings)
    assert first.groups == again.groups == find(*good.shown[0]).groups
    assert registry.devices == ["auto", "cpu"]
    assert runs == ["cuda"]


def test_a_gpu_that_takes_no_weights_is_left_alone(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "pick_device", torch.device)

    def loader(_name: str, _settings: ModelSettings | None) -> ScreeningModel:
        if registry.devices[-1] != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return FakeModel()

    registry.loader = loader
    outcome, _ = Pipeline(threads=1).run(_request([write_picture(tmp_path)], device="cuda"))
    assert isinstance(outcome, Findings)


def test_what_fails_on_the_cpu_fails(registry: FakeRegistry, tmp_path: Path) -> None:
    """A number that is not finite never becomes a finding, let alone a report: there is no value that could hold it."""

    def not_a_number(image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        groups = make_findings().groups
        return replace(make_findings(), groups=(replace(groups[0], measurements=(_nan(groups[0]),)),))

    registry.loader = lambda _name, _settings: FakeModel(not_a_number)
    with pytest.raises(ValueError, match="must be finite, got nan"):
        Pipeline(threads=1).run(_request([write_picture(tmp_path)], device="cpu"))
    assert registry.devices == ["cpu"]


def _nan(group: MeasurementGroup) -> Measurement:
    return replace(group.measurements[0], value=float("nan"))


def test_pixels_that_cannot_be_decoded_are_no_crash(model: FakeModel, tmp_path: Path) -> None:
    path = write_picture(tmp_path)
    path.write_bytes(path.read_bytes()[:-2000])
    outcome, report = Pipeline(threads=1).run(_request([path]))
    assert isinstance(outcome, NotEvaluable)
    assert (outcome.code, outcome.sop_instance_uid) == ("undecodable-pixel-data", f"{STUDY}.1.1")
    assert outcome.reason
    assert model.shown == []
    assert [item.role for item in report.objects] == ["card", "measurements"]


def test_a_ct_becomes_a_volume(registry: FakeRegistry, tmp_path: Path) -> None:
    model = FakeModel(lambda *_: REFUSAL)
    registry.loader = lambda _name, _settings: model
    paths = [build.write(tmp_path / f"{i}.dcm", item) for i, item in enumerate(build.ct_slices(5, **PATIENT))]
    Pipeline(threads=1).run(_request(paths))
    ((image, _, _),) = model.shown
    assert isinstance(image, Volume)
    assert image.hu.shape == (5, 3, 4)


def test_findings_in_a_volume_are_shown_on_their_slice(registry: FakeRegistry, tmp_path: Path) -> None:
    slices = build.ct_slices(5, StudyInstanceUID=STUDY, **PATIENT)
    paths = [build.write(tmp_path / f"{i}.dcm", item) for i, item in enumerate(slices)]
    uid = str(slices[3].SOPInstanceUID)
    model = FakeModel(lambda *_: make_findings(sop_instance_uid=uid, rows=3, columns=4))
    registry.loader = lambda _name, _settings: model
    _, report = Pipeline(threads=1).run(_request(paths))
    assert [item.role for item in report.objects] == ["card", "overlay", "measurements"]
    overlay = dcmread(BytesIO(report.objects[1].encoded))
    assert overlay.SourceImageSequence[0].ReferencedSOPInstanceUID == uid


def test_slices_that_form_no_volume_are_no_crash(model: FakeModel, tmp_path: Path) -> None:
    slices = build.ct_slices(5, **PATIENT)
    del slices[2].ImagePositionPatient
    paths = [build.write(tmp_path / f"{i}.dcm", item) for i, item in enumerate(slices)]
    outcome, _ = Pipeline(threads=1).run(_request(paths))
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "broken-geometry"


def test_a_model_is_loaded_once_for_each_setting(registry: FakeRegistry, tmp_path: Path) -> None:
    loaded: list[Path | None] = []

    def load(name: str, settings: ModelSettings | None) -> ScreeningModel:
        assert settings is not None
        loaded.append(settings.bundle)
        return FakeModel(lambda *_: REFUSAL)

    registry.loader, own = load, tmp_path / "own"
    registry.own[own] = make_card(), "d" * 64
    pipeline, paths = Pipeline(threads=1), [write_picture(tmp_path)]
    for bundle, digest in ((None, CONFIG_DIGEST), (None, CONFIG_DIGEST), (own, "d" * 64), (None, CONFIG_DIGEST)):
        pipeline.run(_request(paths, bundle=bundle, config_digest=digest))
    assert loaded == [None, own]


def test_no_model_is_loaded_for_a_job_of_another_configuration(registry: FakeRegistry, tmp_path: Path) -> None:
    request = _request([write_picture(tmp_path)], config_digest="d" * 64)
    with pytest.raises(ConfigurationChanged, match="opened under configuration dddddddddddd of"):
        Pipeline(threads=1).run(request)


def test_a_model_that_is_loaded_stays_what_it_was(registry: FakeRegistry, model: FakeModel, tmp_path: Path) -> None:
    """Its bundle changes on disk: jobs of before are done as they were opened, later ones are not done by it."""
    own, pipeline, paths = tmp_path / "own", Pipeline(threads=1), [write_picture(tmp_path)]
    registry.own[own] = make_card(), "d" * 64
    before = _request(paths, bundle=own, config_digest="d" * 64)
    pipeline.run(before)
    registry.own[own] = make_card(), "e" * 64
    registry.loader = lambda _name, _settings: FakeModel(lambda *_: REFUSAL)
    assert isinstance(pipeline.run(before)[0], Findings)
    assert pipeline.run(_request(paths, bundle=own, config_digest="e" * 64))[0] == REFUSAL


def test_an_unknown_model_is_an_error_for_good(registry: FakeRegistry, tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        Pipeline(threads=1).run(_request([write_picture(tmp_path)], model_name="none"))


def test_the_next_model_sees_the_image_that_the_last_one_saw(registry: FakeRegistry, tmp_path: Path) -> None:
    model = FakeModel(lambda *_: REFUSAL)
    registry.loader = lambda _name, _settings: model
    slices = build.ct_slices(5, **PATIENT)
    paths = [build.write(tmp_path / f"{i}.dcm", item) for i, item in enumerate(slices)]
    pipeline, own = Pipeline(threads=1), tmp_path / "own"
    registry.own[own] = make_card(), "d" * 64
    pipeline.run(_request(paths))
    pipeline.run(_request(paths, bundle=own, config_digest="d" * 64))
    (first, _, _), (second, _, _) = model.shown
    assert first is second
    assert isinstance(first, Volume)
    assert not first.hu.flags.writeable


def test_no_engine_takes_over_in_the_midst_of_a_run(registry: FakeRegistry, tmp_path: Path) -> None:
    """One of two runs that go side by side began with torch: the other is run by torch, though OpenVINO could now."""
    part = flat()
    engines: list[str | None] = []
    cache = Cache(tmp_path / "engines")
    request = _request([write_picture(tmp_path)], engine="auto", engine_cache=cache.folder)
    pipeline = Pipeline(threads=1)

    def answer(image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        if not engines:
            cache.write(request.model_name, request.config_digest, {part.name: compile_part(flat(), threads=1)})
            engines.append("asked")
            engines.append(pipeline.run(request)[1].engine)
        return find(image, patient, context)

    registry.loader = lambda _name, _settings: FakeModel(answer, parts=(part,))
    engines.append(pipeline.run(request)[1].engine)
    engines.append(pipeline.run(request)[1].engine)
    assert [str(name).split()[0] for name in engines] == ["asked", "torch", "torch", "OpenVINO"]
