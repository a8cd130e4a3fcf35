"""A simulated lateral lumbar radiograph from its file, with imported context, through the shipped model to objects."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset

from db import context
from db.engine import transaction
from models import registry
from screening.findings import Findings, NotEvaluable, Outcome
from screening.reports import ObjectKind, Report
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Study
from tests.acceptance.objects import complaints
from tests.dicom_node.reports.dcmqi import check_with_dcmqi
from tests.worker.factories import make_request
from tests.worker.ports import make_ports
from training.phantoms.dicom import LUMBAR_SPINE, PhantomPatient, birth_date_of, write_radiograph
from training.phantoms.spine.radiograph import make_lumbar_radiograph
from training.simulators.spine_fracture_xr import lateral_view
from worker.context_file import read_context
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder

NAME = "spine_fracture_xr"
THRESHOLDS = (3.0, 8.0)
MOMENT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
CONTEXT = """patient_id,issuer,name,value,code,meaning
SIM1,,bmi,24.5,,
SIM1,,glucocorticoid,1,,
SIM1,,rheumatoid_arthritis,0,,
SIM2,,glucocorticoid,0,,
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("spine")
    film = lateral_view(make_lumbar_radiograph(205, longest_side=512))
    patient = PhantomPatient(patient_id="SIM1", name="Phantom^One", birth_date=birth_date_of(film, MOMENT.date()))
    write_radiograph(
        folder / "spine.dcm", film, patient=patient, study_instance_uid="2.25.78", acquired=MOMENT,
        study_description="Lumbar spine, lateral", part=LUMBAR_SPINE,
    )  # fmt: skip
    (read,), unread = read_folder(folder)
    assert not unread
    return read


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> ClinicalContext:
    """What a site's file says of the patient, after it went through the database."""
    folder = tmp_path_factory.mktemp("context")
    (folder / "context.csv").write_text(CONTEXT, encoding="utf-8")
    with transaction(make_ports(folder).sessions) as session:
        assert context.import_items(session, read_context(folder / "context.csv")).count == 4
        return context.for_patient(session, "SIM1", "")


@pytest.fixture(scope="module")
def result(study: Study, imported: ClinicalContext) -> tuple[Outcome, Report]:
    return screen(study, imported)


def screen(study: Study, known: ClinicalContext) -> tuple[Outcome, Report]:
    chosen = registry.selector(NAME)(study).chosen
    assert chosen is not None
    settings = ModelSettings(thresholds=THRESHOLDS)
    return Pipeline(threads=1).run(
        make_request(
            model_name=NAME, thresholds=THRESHOLDS, instances=study.instances, chosen=chosen, context=known,
            paths=tuple(Path(instance.location) for instance in study.instances),
            config_digest=registry.config_digest(NAME, settings),
        )
    )  # fmt: skip


def stored(report: Report) -> list[FileDataset]:
    return [dcmread(BytesIO(item.encoded)) for item in report.objects]


def five_year_risk(outcome: Outcome) -> float:
    assert isinstance(outcome, Findings), outcome
    values: Mapping[str, float] = {m.name.value: m.value for m in outcome.groups[0].measurements}
    return values["VFX5Y"]


def test_card_overlay_and_measurements_come_out(result: tuple[Outcome, Report]) -> None:
    outcome, report = result
    assert isinstance(outcome, Findings), outcome
    assert [(item.kind, item.role) for item in report.objects] == [
        (ObjectKind.SC, "card"), (ObjectKind.SC, "overlay"), (ObjectKind.SR, "measurements"),
    ]  # fmt: skip
    assert {int(item.SeriesNumber) for item in stored(report)[:2]} == {9040}


def test_imported_context_reaches_the_prediction(study: Study, result: tuple[Outcome, Report]) -> None:
    outcome, _ = result
    assert isinstance(outcome, Findings)
    told = next(note for note in outcome.notes if note.startswith("Told to the model"))
    assert "BMI 24.5 kg/m2 (clinical context), glucocorticoids, no rheumatoid arthritis" in told
    without, _ = screen(study, ClinicalContext(items={"bmi": 24.5, "glucocorticoid": 0.0, "rheumatoid_arthritis": 0.0}))
    assert five_year_risk(outcome) > five_year_risk(without)


def test_each_level_is_a_point_of_its_own(result: tuple[Outcome, Report]) -> None:
    report = stored(result[1])[-1]
    measured = next(
        item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
    )
    head, *levels = measured.ContentSequence
    numbers = [item for item in head.ContentSequence if item.ValueType == "NUM"]
    assert [item.ConceptNameCodeSequence[0].CodeValue for item in numbers] == [
        "VFX1Y", "VFX2Y", "VFX3Y", "VFX5Y", "LOGHAZ", "VFPCTL", "KPCONFMIN",
    ]  # fmt: skip
    assert len(levels) == 5
    for group in levels:
        kinds = [item.ValueType for item in group.ContentSequence]
        assert "NUM" not in kinds  # viewers take over points without a number
        (region,) = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
        assert (region.GraphicType, len(region.GraphicData)) == ("POINT", 2)


def test_the_validators_find_no_error(result: tuple[Outcome, Report], tmp_path: Path) -> None:
    assert [complaints(item, tmp_path) for item in stored(result[1])] == [[], [], []]


def test_dcmqi_reads_every_value(result: tuple[Outcome, Report], tmp_path: Path) -> None:
    outcome, report = result
    path = tmp_path / "report.dcm"
    path.write_bytes(report.objects[2].encoded)
    check_with_dcmqi(path, outcome)


def test_a_refusal_is_a_valid_report_too(study: Study, tmp_path: Path) -> None:
    ds = dcmread(study.instances[0].location)
    rows = len(ds.PixelData) // ds.Rows
    ds.PixelData = b"".join(ds.PixelData[row * rows : (row + 1) * rows] for row in reversed(range(ds.Rows)))
    ds.save_as(tmp_path / "turned.dcm", enforce_file_format=True)
    (changed,), _ = read_folder(tmp_path)
    outcome, report = screen(changed, ClinicalContext())
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "levels-not-found"
    assert [item.role for item in report.objects] == ["card", "measurements"]
    assert [complaints(item, tmp_path) for item in stored(report)] == [[], []]
