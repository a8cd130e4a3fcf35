"""What would become of given files."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import select

from dashboard import trying
from dashboard.trying import ModelTried, Tried, try_files
from db.engine import transaction
from db.tables import SelectionRow
from models import registry
from screening.settings import Indication, ModelSettings, Settings
from tests.dashboard.given import chest, given, scan
from tests.worker.ports import make_ports, receive
from worker.indexing import index_received
from worker.intake import intake_quiet

CAP, CT_MODEL = "cap_mortality_cxr", "bone_muscle_ct"


def tried(*data_sets: Dataset, **models: ModelSettings) -> Tried:
    return try_files(Settings(models=models or {CAP: ModelSettings(enabled=True)}), [given(one) for one in data_sets])


def of(found: Tried, model: str) -> ModelTried:
    (study,) = found.studies
    return next(one for one in study.models if one.model == model)


def test_a_study_names_what_would_run_and_why_the_rest_would_not() -> None:
    lateral = chest(1, "1.2.9", ViewPosition="LL", SeriesNumber="2", SeriesDescription="lateral")
    found = tried(chest(), lateral, *scan(40))
    (study,) = found.studies
    assert (study.accession_number, study.date, study.description) == ("A1", "2026-01-02", "Chest")
    assert [(one.name, one.modality, one.images) for one in study.series] == [
        ("1", "DX", 1),
        ("2", "DX", 1),
        ("7", "CT", 40),
    ]
    assert [one.model for one in study.models] == [CAP, *(name for name in registry.names() if name != CAP)]
    runs = of(found, CAP)
    assert (runs.enabled, runs.decision, runs.series, runs.images) == (True, "eligible", "1", 1)
    assert [(one.series, one.images, one.code) for one in runs.refused] == [
        ("2", None, "wrong-view"), ("7", None, "wrong-modality")
    ]  # fmt: skip
    scanned = of(found, CT_MODEL)
    assert (scanned.enabled, scanned.decision, scanned.series, scanned.images) == (False, "eligible", "7", 40)


def test_images_of_one_reason_are_counted() -> None:
    """A CT whose scout lies in the series of its slices."""
    slices = scan(42)
    for scout in slices[:2]:
        scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    assert [(one.images, one.code) for one in of(tried(*slices), CT_MODEL).refused] == [(2, "localizer")]


@pytest.mark.parametrize(
    ("values", "settings", "decision"),
    [
        ({}, {}, "eligible"),
        ({"ViewPosition": "LL"}, {}, "ineligible"),
        ({"PatientAge": "005Y"}, {}, "ineligible"),
        ({}, {"when": "manual"}, "manual"),
        ({}, {"when": "indication", "indication": Indication(words=("pneumonia",))}, "not-indicated"),
        (
            {"StudyDescription": "pneumonia"},
            {"when": "indication", "indication": Indication(words=("pneumonia",))},
            "eligible",
        ),
    ],
)
def test_it_says_what_intake_decides(
    tmp_path: Path, values: dict[str, Any], settings: dict[str, Any], decision: str
) -> None:
    """The same words and codes as a study has that came by DICOM."""
    models = {CAP: ModelSettings(enabled=True, **settings)}
    files = [chest(**values), chest(1, "1.2.9", Modality="US", SeriesNumber="2")]
    found = of(try_files(Settings(models=models), [given(one) for one in files]), CAP)
    node = make_ports(tmp_path, models=models)
    for one in files:
        receive(node, one)
    index_received(node)
    intake_quiet(node)
    with transaction(node.sessions) as s:
        rows = s.scalars(select(SelectionRow).where(SelectionRow.model_name == CAP)).all()
        assert [(found.decision, found.reason)] == [(row.code, row.reason) for row in rows if row.kind == "decision"]
        rejected = {(row.code, row.reason) for row in rows if row.kind == "rejected"}
        assert {(one.code, one.reason) for one in found.refused} == rejected
    assert found.decision == decision


def test_two_patients_in_one_study_contradict_each_other() -> None:
    found = of(tried(chest(1), chest(2, PatientID="P2")), CAP)
    assert found.decision == "conflict"
    assert [one.code for one in found.refused] == ["patient-conflict"]


def test_files_that_take_no_part() -> None:
    files = [b"", b"no DICOM at all", given(chest(Manufacturer="Opportune")), given(chest(2)), given(chest(2)),
             given(chest(2, PatientSize="1.8")), given(chest(3), 200)]  # fmt: skip
    found = try_files(Settings(), files)
    assert [one.number for one in found.unread] == [0, 1, 2, 5, 6]
    reasons = [one.reason for one in found.unread]
    assert "not a DICOM file" in reasons[1]
    assert "made by Opportune itself" in reasons[2]
    assert "another file has this SOP Instance UID" in reasons[3]
    assert "ends inside its header" in reasons[4]
    assert (found.files, found.studies[0].series[0].images) == (7, 1)


def test_a_header_that_was_cut_is_counted() -> None:
    long = given(chest(ImageComments="x" * 5000))
    assert try_files(Settings(), [long[:-2000]]).cut == 1
    assert try_files(Settings(), [long]).cut == 0


def test_series_of_the_same_number_are_told_apart() -> None:
    bare = chest(1, "1.2.11")
    del bare.SeriesNumber
    (study,) = tried(chest(1, "1.2.9"), chest(1, "1.2.10"), bare).studies
    assert [one.name for one in study.series] == ["1 (1)", "1 (2)", "without number"]


def test_time_values_and_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [given(chest(1, f"1.2.{number}", StudyInstanceUID=f"1.3.{number}")) for number in range(5)]
    monkeypatch.setattr(trying, "MOST_STUDIES", 2)
    assert (len(try_files(Settings(), files).studies), try_files(Settings(), files).more_studies) == (2, 3)
    late = try_files(Settings(), files, clock=map(float, count(0, 8)).__next__)
    assert [one.reason for one in late.unread] == ["not looked at: reading the others took more than 20 s"] * 3
    monkeypatch.setattr(trying, "_MOST_VALUES", 30)
    assert "too many values" in try_files(Settings(), files).unread[-1].reason
    monkeypatch.setattr(trying, "MOST_REASONS", 1)
    many = of(tried(*(chest(1, f"1.2.{number}", Modality="US", SeriesNumber=str(number)) for number in range(3))), CAP)
    assert (len(many.refused), many.more) == (1, 2)


def test_the_answer_holds_nothing_of_a_patient() -> None:
    said = repr(tried(chest(), chest(2, PatientID="P2"), chest(3, "1.2.9", ViewPosition="LL")))
    assert "DOE" not in said
    assert "P1" not in said
    assert "P2" not in said
