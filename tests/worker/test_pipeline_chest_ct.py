"""A simulated chest CT from its files through the shipped model to valid objects."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset

from models import indication, registry
from screening.findings import Findings, NotEvaluable, Outcome
from screening.reports import ObjectKind, Report
from screening.settings import ModelSettings
from screening.types import Study
from tests.acceptance.objects import complaints
from tests.dicom_node.reports.dcmqi import check_with_dcmqi
from tests.worker.factories import make_request
from training.phantoms.ct_dicom import write_ct
from training.phantoms.dicom import PhantomPatient, birth_date_of
from training.phantoms.lung.phantom import make_chest_ct
from training.simulators.ssc_ild_mortality_ct import chest_scan
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder

NAME = "ssc_ild_mortality_ct"
THRESHOLDS = (5.0, 15.0)
MOMENT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A chest CT on disk, with the location of each slice."""
    folder = tmp_path_factory.mktemp("chest")
    scan = chest_scan(make_chest_ct(2, spacing=(3.0, 2.0, 2.0)))
    patient = PhantomPatient(patient_id="SIM1", name="Phantom^One", birth_date=birth_date_of(scan, MOMENT.date()))
    write_ct(
        folder, scan, patient=patient, study_instance_uid="2.25.77", acquired=MOMENT, study_description="CT, SSc-ILD"
    )
    (read,), unread = read_folder(folder)
    assert not unread
    return read


@pytest.fixture(scope="module")
def result(study: Study) -> tuple[Outcome, Report]:
    return screen(study)


def screen(study: Study) -> tuple[Outcome, Report]:
    chosen = registry.selector(NAME)(study).chosen
    assert chosen is not None
    by_uid = {instance.sop_instance_uid: instance for instance in study.instances}
    instances = tuple(by_uid[uid] for uid in chosen.sop_instance_uids)
    settings = ModelSettings(thresholds=THRESHOLDS)
    return Pipeline(threads=1).run(
        make_request(
            model_name=NAME, thresholds=THRESHOLDS, instances=instances, chosen=chosen,
            paths=tuple(Path(instance.location) for instance in instances),
            config_digest=registry.config_digest(NAME, settings),
        )
    )  # fmt: skip


def stored(report: Report) -> list[FileDataset]:
    return [dcmread(BytesIO(item.encoded)) for item in report.objects]


def test_card_slice_and_measurements_come_out(result: tuple[Outcome, Report], study: Study) -> None:
    outcome, report = result
    assert isinstance(outcome, Findings)
    assert [(item.kind, item.role) for item in report.objects] == [
        (ObjectKind.SC, "card"), (ObjectKind.SC, "overlay"), (ObjectKind.SR, "measurements"),
    ]  # fmt: skip
    card, overlay, _ = stored(report)
    assert {int(item.SeriesNumber) for item in (card, overlay)} == {9020}
    assert overlay.pixel_array.shape[1] > overlay.pixel_array.shape[0] // 2
    shown = overlay.SourceImageSequence[0].ReferencedSOPInstanceUID
    assert shown == outcome.groups[1].region.sop_instance_uid  # the lungs on the slice weighted most
    assert shown != outcome.groups[0].region.sop_instance_uid


def test_the_slice_on_the_overlay_is_lung_and_not_black(result: tuple[Outcome, Report]) -> None:
    _, overlay, _ = stored(result[1])
    rows, columns = overlay.Rows, overlay.Columns
    part = overlay.pixel_array[rows // 4 : 3 * rows // 4, columns // 8 : columns // 2]
    assert 30 < float(np.median(part)) < 220
    assert float(part.std()) > 20


def test_each_group_has_a_region_on_a_slice_of_the_series(result: tuple[Outcome, Report], study: Study) -> None:
    report = stored(result[1])[-1]
    measured = next(
        item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
    )
    groups = measured.ContentSequence
    assert len(groups) == 5
    uids = {instance.sop_instance_uid for instance in study.instances}
    for group in groups:
        (region,) = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
        assert region.GraphicType == "POLYLINE"
        assert len(region.GraphicData) >= 18  # 9 points: viewers show such a ring and do not offer to edit it
        assert region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID in uids
    numbers = [item for item in groups[0].ContentSequence if item.ValueType == "NUM"]
    assert [item.ConceptNameCodeSequence[0].CodeValue for item in numbers][:3] == ["MORT1Y", "MORT3Y", "MORT5Y"]


def test_the_validators_find_no_error(result: tuple[Outcome, Report], tmp_path: Path) -> None:
    assert [complaints(item, tmp_path) for item in stored(result[1])] == [[], [], []]


def test_dcmqi_reads_every_value(result: tuple[Outcome, Report], tmp_path: Path) -> None:
    outcome, report = result
    path = tmp_path / "report.dcm"
    path.write_bytes(report.objects[2].encoded)
    check_with_dcmqi(path, outcome)


def test_a_refusal_is_a_valid_report_too(study: Study, tmp_path: Path) -> None:
    for index, instance in enumerate(study.instances):
        ds = dcmread(instance.location)
        ds.RescaleIntercept = "0"
        ds.save_as(tmp_path / f"{index:04d}.dcm", enforce_file_format=True)
    (changed,), _ = read_folder(tmp_path)
    outcome, report = screen(changed)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "hounsfield-implausible"
    assert [item.role for item in report.objects] == ["card", "measurements"]
    assert [complaints(item, tmp_path) for item in stored(report)] == [[], []]


def test_the_study_shows_the_indication_and_another_does_not(study: Study) -> None:
    when, wanted = indication.rule(NAME, ModelSettings(enabled=True))
    assert when == "indication"
    known = make_request().context
    assert indication.match(study, known, wanted) == "'SSc-ILD' in StudyDescription"
    assert indication.match(study, known, wanted.model_copy(update={"words": ("IPF",)})) is None
