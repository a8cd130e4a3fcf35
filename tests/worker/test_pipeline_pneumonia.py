"""A simulated chest radiograph from its file, with the items of CURB-65 imported, through the model to objects."""

from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset

from db import context
from db.engine import transaction
from models import registry
from screening.findings import Findings, Outcome
from screening.reports import Report
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Study
from tests.acceptance.objects import complaints
from tests.worker.factories import make_request
from tests.worker.ports import make_ports
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.dicom import PhantomPatient, write_radiograph
from worker.context_file import read_context
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder

NAME = "cap_mortality_cxr"
MOMENT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
CONTEXT = """patient_id,issuer,name,value,code,meaning
SIM1,,confusion,1,,
SIM1,,urea_mmol_per_l,9.5,,
SIM1,,respiratory_rate,24,,
SIM1,,systolic_mmhg,85,,
SIM1,,diastolic_mmhg,55,,
SIM2,,confusion,0,,
SIM2,,urea_mmol_per_l,4,,
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("chest")
    patient = PhantomPatient(patient_id="SIM1", name="Phantom^One", birth_date=date(1950, 1, 1))
    write_radiograph(
        folder / "chest.dcm", make_phantom(11, longest_side=320), patient=patient, study_instance_uid="2.25.79",
        acquired=MOMENT, study_description="Chest PA",
    )  # fmt: skip
    (read,), unread = read_folder(folder)
    assert not unread
    return read


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ClinicalContext]:
    """What a site's file says of two patients, after it went through the database."""
    folder = tmp_path_factory.mktemp("context")
    (folder / "context.csv").write_text(CONTEXT, encoding="utf-8")
    with transaction(make_ports(folder).sessions) as session:
        assert context.import_items(session, read_context(folder / "context.csv")).count == 7
        return {name: context.for_patient(session, name, "") for name in ("SIM1", "SIM2")}


def screen(study: Study, known: ClinicalContext) -> tuple[Outcome, Report]:
    chosen = registry.selector(NAME)(study).chosen
    assert chosen is not None
    return Pipeline(threads=1).run(
        make_request(
            model_name=NAME, instances=study.instances, chosen=chosen, context=known,
            paths=tuple(Path(instance.location) for instance in study.instances),
            config_digest=registry.config_digest(NAME, ModelSettings()),
        )
    )  # fmt: skip


def stored(report: Report) -> list[FileDataset]:
    return [dcmread(BytesIO(item.encoded)) for item in report.objects]


def numbers(report: Dataset) -> list[dict[str, tuple[float, str]]]:
    """Value and unit by code, for each measurement group."""
    measured = next(
        item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
    )
    return [
        {
            item.ConceptNameCodeSequence[0].CodeValue: (
                float(item.MeasuredValueSequence[0].NumericValue),
                item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
            )
            for item in group.ContentSequence
            if item.ValueType == "NUM"
        }
        for group in measured.ContentSequence
    ]


def comments(report: Dataset) -> str:
    return "\n".join(item.TextValue for item in report.ContentSequence[-1].ContentSequence if item.ValueType == "TEXT")


def test_all_items_imported_give_both_probabilities_and_the_score(
    study: Study, imported: dict[str, ClinicalContext], tmp_path: Path
) -> None:
    outcome, report = screen(study, imported["SIM1"])
    assert isinstance(outcome, Findings), outcome
    card, overlay, measurements = stored(report)
    head, *_, last = numbers(measurements)
    assert list(head) == ["MORT30D"]
    assert last["CURB65"] == (4.0, "{score}")
    assert last["MORT30DCURB65"][1] == "%"
    assert last["MORT30DCURB65"][0] > head["MORT30D"][0]  # a score of 4 is worse than most of the pneumonias learnt
    assert "CURB-65 is 4, from the age and the clinical context: confusion, urea 9.5 mmol/l" in comments(measurements)
    assert [complaints(item, tmp_path) for item in (card, overlay, measurements)] == [[], [], []]


def test_missing_items_are_named_and_nothing_is_combined(
    study: Study, imported: dict[str, ClinicalContext], tmp_path: Path
) -> None:
    _, report = screen(study, imported["SIM2"])
    measurements = stored(report)[-1]
    assert not any("CURB65" in group or "MORT30DCURB65" in group for group in numbers(measurements))
    said = comments(measurements)
    assert "Not known: respiratory rate, systolic pressure, diastolic pressure. Known: no confusion" in said
    assert complaints(measurements, tmp_path) == []


def test_the_headline_does_not_depend_on_the_context(study: Study, imported: dict[str, ClinicalContext]) -> None:
    outcomes = [screen(study, known)[0] for known in (imported["SIM1"], imported["SIM2"], ClinicalContext())]
    heads = [outcome.groups[0] for outcome in outcomes if isinstance(outcome, Findings)]
    assert heads == [heads[0]] * 3
