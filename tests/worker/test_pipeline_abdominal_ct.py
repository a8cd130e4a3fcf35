"""A simulated abdominal CT from its files through the shipped model to valid objects."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset

from models import registry
from screening.findings import Findings, NotEvaluable, Outcome
from screening.reports import ObjectKind, Report
from screening.settings import ModelSettings
from screening.types import Study
from tests.acceptance.objects import complaints
from tests.dicom_node.reports.dcmqi import check_with_dcmqi
from tests.worker.factories import make_request
from training.phantoms.ct_dicom import write_ct
from training.phantoms.dicom import PhantomPatient, birth_date_of
from training.phantoms.spine.phantom import make_spine_ct
from training.simulators.bone_muscle_ct import spine_scan
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder

NAME = "bone_muscle_ct"
THRESHOLDS = (5.0, 15.0)
MOMENT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """An abdominal CT on disk, with the location of each slice."""
    folder = tmp_path_factory.mktemp("abdomen")
    scan = spine_scan(make_spine_ct(15, spacing=(4.0, 2.0, 2.0)))
    patient = PhantomPatient(patient_id="SIM1", name="Phantom^One", birth_date=birth_date_of(scan, MOMENT.date()))
    write_ct(
        folder, scan, patient=patient, study_instance_uid="2.25.78", acquired=MOMENT, study_description="CT abdomen"
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


def test_card_slice_measurements_and_masks_come_out(result: tuple[Outcome, Report]) -> None:
    outcome, report = result
    assert isinstance(outcome, Findings)
    assert [(item.kind, item.role) for item in report.objects] == [
        (ObjectKind.SC, "card"), (ObjectKind.SC, "overlay"), (ObjectKind.SR, "measurements"), (ObjectKind.SEG, "masks"),
    ]  # fmt: skip
    card, overlay, measurements, masks = stored(report)
    assert [int(one.SeriesNumber) for one in (card, overlay, measurements, masks)] == [9050, 9050, 9051, 9052]
    assert overlay.SourceImageSequence[0].ReferencedSOPInstanceUID == outcome.shown


def test_the_muscle_is_coloured_on_the_overlay(result: tuple[Outcome, Report]) -> None:
    overlay = stored(result[1])[1].pixel_array.astype(int)
    picture = overlay[72:-72, : overlay.shape[1] - 440]  # without banners and legend
    reddish = picture[..., 0] - picture[..., 2] > 20
    assert 0.05 < float(reddish.mean()) < 0.5


def test_the_masks_lie_on_the_slices_and_are_those_that_were_measured(result: tuple[Outcome, Report]) -> None:
    outcome, report = result
    assert isinstance(outcome, Findings)
    masks = stored(report)[-1]
    shown = {uid for segment in outcome.segments for uid in segment.sop_instance_uids}
    (series,) = masks.ReferencedSeriesSequence
    assert {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence} == shown
    assert masks.pixel_array.sum() == sum(int(segment.mask.sum()) for segment in outcome.segments)
    area = next(one for group in outcome.groups for one in group.measurements if one.name.meaning == "Area")
    pixel = np.prod([float(v) for v in masks.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing])
    assert outcome.segments[1].mask.sum() * pixel / 100 == pytest.approx(area.value, abs=0.06)


def test_the_validators_find_no_error(result: tuple[Outcome, Report], tmp_path: Path) -> None:
    assert [complaints(item, tmp_path) for item in stored(result[1])] == [[], [], [], []]


def test_highdicom_reads_every_value(result: tuple[Outcome, Report]) -> None:
    outcome, report = result
    assert isinstance(outcome, Findings)
    content = hd.sr.srread(BytesIO(report.objects[2].encoded)).content
    assert isinstance(content, hd.sr.MeasurementReport)
    groups: list[Any] = [*content.get_planar_roi_measurement_groups(), *content.get_volumetric_roi_measurement_groups()]
    read = {group.tracking_identifier: [float(one.value) for one in group.get_measurements()] for group in groups}
    told = {group.tracking_identifier: [one.value for one in group.measurements] for group in outcome.groups}
    assert read == told


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
