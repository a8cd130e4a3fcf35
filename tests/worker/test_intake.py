"""Which model looks at which study: every decision is written down, and none stops another study."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import context, jobs, selections, studies
from db.context import ContextItem
from db.engine import transaction
from db.selections import Recorded
from screening.clock import now
from screening.codes import PNEUMONIA
from screening.errors import BadGeometry, DatabaseUnavailable, WeightsMismatch
from screening.jobs import Job, JobState, input_digest
from screening.settings import Indication, ModelSettings, Node
from screening.types import Selection, Study
from tests.worker.factories import STUDY
from tests.worker.fake_registry import CONFIG_DIGEST, FakeRegistry, choose_all, choose_frontal
from tests.worker.ports import MODEL, radiograph, receive
from worker.indexing import index_received
from worker.intake import intake_quiet, take_in
from worker.ports import Ports

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OTHER_STUDY = f"{STUDY}9"


def _arrive(ports: Ports, number: int = 1, **elements: Any) -> None:
    receive(ports, radiograph(number, **elements))
    index_received(ports)


def _arrive_elsewhere(ports: Ports) -> None:
    uids = {"StudyInstanceUID": OTHER_STUDY, "SeriesInstanceUID": f"{OTHER_STUDY}.1"}
    _arrive(ports, 1, **uids, SOPInstanceUID=f"{OTHER_STUDY}.1.1", PatientID="P2")


def _with(ports: Ports, **model: Any) -> Ports:
    """The same node, its model set in another way."""
    settings = ports.settings.model_copy(update={"models": {MODEL: ModelSettings(**{"enabled": True, **model})}})
    return replace(ports, settings=settings)


def _jobs(ports: Ports, study: str = STUDY) -> list[Job]:
    with transaction(ports.sessions) as session:
        return jobs.of_study(session, study)


def _recorded(ports: Ports, study: str = STUDY) -> list[Recorded]:
    with transaction(ports.sessions) as session:
        return selections.of_study(session, study)


def _decision(ports: Ports, study: str = STUDY) -> tuple[str, str]:
    (decision,) = (row for row in _recorded(ports, study) if row.kind == "decision")
    return decision.code, decision.reason


@pytest.fixture
def clean_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log, in which no patient is named."""
    yield caplog
    assert not any(name in caplog.text for name in ("DOE", "JANE", "P1"))


def test_an_eligible_study_opens_one_job(either: Ports, registry: FakeRegistry) -> None:
    _arrive(either)
    opened = intake_quiet(_with(either, queue="gpu"))
    (job,) = _jobs(either)
    assert opened == [(job.job_id, "gpu")]
    assert (job.state, job.model_name, job.model_version) == (JobState.READY, MODEL, "1.0.0")
    assert (job.series_instance_uid, job.sop_instance_uids) == (f"{STUDY}.1", (f"{STUDY}.1.1",))
    assert (job.config_digest, job.predecessor_id) == (CONFIG_DIGEST, None)
    with transaction(either.sessions) as session:
        assert job.input_digest == input_digest(studies.load(session, STUDY).instances)
    assert [(row.kind, row.code, row.reason) for row in _recorded(either)] == [
        ("decision", "eligible", "the first series"),
        ("chosen", "chosen", "the first series"),
    ]


def test_the_same_images_open_no_second_job(either: Ports, registry: FakeRegistry) -> None:
    _arrive(either)
    intake_quiet(either)
    assert intake_quiet(either) == []
    with transaction(either.sessions) as session:
        assert take_in(session, either, STUDY) == []
    _arrive(either)  # the sender sends it again
    assert intake_quiet(either) == []
    assert len(_jobs(either)) == 1


def test_a_later_image_opens_a_revision(either: Ports, registry: FakeRegistry) -> None:
    _arrive(either, 1)
    intake_quiet(either)
    _arrive(either, 2)
    ((job_id, _),) = intake_quiet(either)
    first, second = _jobs(either)
    assert second.job_id == job_id
    assert second.predecessor_id == first.job_id
    assert second.sop_instance_uids == (f"{STUDY}.1.1", f"{STUDY}.1.2")
    assert second.input_digest != first.input_digest


def test_a_later_image_that_is_not_chosen_opens_none(ports: Ports, registry: FakeRegistry) -> None:
    registry.selectors[MODEL] = choose_frontal
    _arrive(ports, 1)
    intake_quiet(ports)
    _arrive(ports, 2, ViewPosition="LL")
    assert intake_quiet(ports) == []
    assert len(_jobs(ports)) == 1


def _told(ports: Ports, name: str, value: float) -> None:
    """What `opportune context import` does."""
    with transaction(ports.sessions) as session:
        imported = context.import_items(session, [ContextItem(patient_id="P1", name=name, value=value)])
        assert studies.take_in_again_of(session, imported.changed, since=LONG_AGO) == 1


def test_context_that_comes_later_opens_a_revision_if_the_model_is_told_of_it(
    either: Ports, registry: FakeRegistry
) -> None:
    registry.narrow = lambda known: known.only("bmi")
    _arrive(either)
    intake_quiet(either)
    _told(either, "confusion", 1.0)
    assert intake_quiet(either) == []
    _told(either, "bmi", 24.0)
    assert len(intake_quiet(either)) == 1
    first, second = _jobs(either)
    assert (dict(first.context.items), dict(second.context.items)) == ({}, {"bmi": 24.0})
    assert first.input_digest != second.input_digest
    assert second.predecessor_id == first.job_id
    assert intake_quiet(either) == []


def test_two_patients_in_one_study_are_screened_by_no_model(either: Ports, registry: FakeRegistry) -> None:
    _arrive(either, 1)
    _arrive(either, 2, PatientID="P2", PatientName="ROE^RICHARD")
    assert intake_quiet(either) == []
    assert _jobs(either) == []
    code, reason = _decision(either)
    assert code == "conflict"
    assert "patient" in reason.lower()
    assert [row.code for row in _recorded(either) if row.kind == "rejected"] == ["patient-conflict"]
    assert not any(name in row.reason for row in _recorded(either) for name in ("DOE", "ROE", "P1", "P2"))


def test_a_study_without_the_indication_is_not_screened(either: Ports, registry: FakeRegistry) -> None:
    _arrive(either, StudyDescription="CHEST PA, exclude pneumonia")
    node = _with(either, when="indication", indication=Indication(words=("pneumonia",)))
    assert intake_quiet(node) == []
    assert _decision(either)[0] == "not-indicated"
    assert [row.kind for row in _recorded(either)] == ["decision", "chosen"]


def test_a_model_that_names_its_patients_needs_no_setting_to_spare_others(ports: Ports, registry: FakeRegistry) -> None:
    registry.the_indication = Indication(words=("SSc-ILD",))
    _arrive(ports, StudyDescription="CT chest")
    assert intake_quiet(ports) == []
    assert _decision(ports)[0] == "not-indicated"


def test_an_indication_in_the_header_is_named(ports: Ports, registry: FakeRegistry) -> None:
    _arrive(ports, StudyDescription="Pneumonia, follow-up")
    node = _with(ports, when="indication", indication=Indication(words=("pneumonia",)))
    assert len(intake_quiet(node)) == 1
    assert _decision(ports) == ("eligible", "the first series; indication 'pneumonia' in StudyDescription")


def test_an_indication_that_the_site_told_counts(ports: Ports, registry: FakeRegistry) -> None:
    _arrive(ports)
    item = ContextItem(patient_id="P1", issuer_of_patient_id="", name="", value=None, diagnosis=PNEUMONIA)
    with transaction(ports.sessions) as session:
        context.import_items(session, [item])
    node = _with(ports, when="indication", indication=Indication(codes=("SCT:233604007",)))
    assert len(intake_quiet(node)) == 1
    assert _decision(ports)[1].endswith("indication SCT:233604007 (clinical context)")


def test_a_manual_model_waits_for_a_command(ports: Ports, registry: FakeRegistry) -> None:
    _arrive(ports)
    assert intake_quiet(_with(ports, when="manual")) == []
    code, reason = _decision(ports)
    assert code == "manual"
    assert f"models.{MODEL}.when" in reason


def test_why_a_study_is_ineligible_is_kept_series_by_series(ports: Ports, registry: FakeRegistry) -> None:
    registry.selectors[MODEL] = choose_frontal
    _arrive(ports, 1, ViewPosition="LL")
    _arrive(ports, 2, ViewPosition="LL", SeriesInstanceUID=f"{STUDY}.2")
    assert intake_quiet(ports) == []
    assert _decision(ports) == ("ineligible", "not a frontal view")
    rejected = [(row.series_instance_uid, row.code) for row in _recorded(ports) if row.kind == "rejected"]
    assert rejected == [(f"{STUDY}.1", "wrong-view"), (f"{STUDY}.2", "wrong-view")]


def test_a_model_that_is_not_enabled_is_not_asked(ports: Ports, registry: FakeRegistry) -> None:
    _arrive(ports)
    assert intake_quiet(_with(ports, enabled=False)) == []
    assert _recorded(ports) == []


def test_each_enabled_model_decides_for_itself(ports: Ports, registry: FakeRegistry) -> None:
    registry.selectors = {"first": choose_all, "second": choose_frontal}
    both = {name: ModelSettings(enabled=True) for name in registry.selectors}
    _arrive(ports, ViewPosition="LL")
    intake_quiet(replace(ports, settings=ports.settings.model_copy(update={"models": both})))
    decisions = [(row.model_name, row.code) for row in _recorded(ports) if row.kind == "decision"]
    assert decisions == [("first", "eligible"), ("second", "ineligible")]
    assert [job.model_name for job in _jobs(ports)] == ["first"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (KeyError("DOE^JANE"), "KeyError in tests.worker.test_intake"),
        (BadGeometry("slices lie askew"), "slices lie askew"),
    ],
)
def test_a_selection_that_fails_stops_no_other_study(
    ports: Ports, registry: FakeRegistry, clean_log: pytest.LogCaptureFixture, fault: Exception, reason: str
) -> None:
    def select(study: Study) -> Selection:
        if study.study_instance_uid == STUDY:
            raise fault
        return choose_all(study)

    registry.selectors[MODEL] = select
    _arrive(ports)
    _arrive_elsewhere(ports)
    assert len(intake_quiet(ports)) == 1
    assert len(_jobs(ports, OTHER_STUDY)) == 1
    code, why = _decision(ports)
    assert code == "failed"
    assert reason in why
    assert "DOE" not in why
    assert [row.code for row in _recorded(ports) if row.kind == "rejected"] == ["selection-failed"]


@pytest.mark.parametrize("fault", [KeyError("DOE^JANE"), WeightsMismatch("the card cannot be read")])
def test_a_study_that_cannot_be_taken_in_stops_no_other_and_stays_due(
    ports: Ports,
    registry: FakeRegistry,
    clean_log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    load = studies.load

    def fragile(session: Any, uid: str) -> Study:
        if uid == STUDY:
            raise fault
        return load(session, uid)

    _arrive(ports)
    _arrive_elsewhere(ports)
    with monkeypatch.context() as patched:
        patched.setattr("worker.intake.studies.load", fragile)
        assert len(intake_quiet(ports)) == 1
    assert len(_jobs(ports, OTHER_STUDY)) == 1
    assert STUDY in clean_log.text
    assert len(intake_quiet(ports)) == 1  # the fault is mended
    assert len(_jobs(ports)) == 1


def test_a_database_that_is_gone_ends_the_intake(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> Study:
        raise DatabaseUnavailable("the database does not answer")

    _arrive(ports)
    monkeypatch.setattr("worker.intake.studies.load", gone)
    with pytest.raises(DatabaseUnavailable):
        intake_quiet(ports)


def test_a_study_is_waited_for_until_it_is_quiet(ports: Ports, registry: FakeRegistry) -> None:
    settings = ports.settings.model_copy(update={"node": Node(quiet_seconds=600, minimum_free_mb=0)})
    _arrive(ports)
    assert intake_quiet(replace(ports, settings=settings)) == []
    later = replace(ports, settings=settings, clock=lambda: now() + timedelta(seconds=601))
    assert len(intake_quiet(later)) == 1
