"""One job from claim to stored result, and whatever may go wrong on the way."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import audit, context, deliveries, events, findings, jobs, reports
from db.context import ContextItem
from db.engine import transaction
from dicom_node.reports.request import Predecessor
from screening.card import Evidence
from screening.codes import PNEUMONIA
from screening.errors import BadPixelData, DatabaseUnavailable, LeaseLost, SandboxDied, WeightsMismatch
from screening.findings import NotEvaluable
from screening.jobs import Job, JobState
from screening.reports import DeliveryState, ObjectKind, Report
from screening.settings import Destination, ModelSettings
from screening.types import ClinicalContext
from tests.db.factories import make_findings, make_object, make_report
from tests.worker.factories import STUDY
from tests.worker.fake_registry import CONFIG_DIGEST, FakeRegistry
from tests.worker.ports import MODEL, bell_of, make_card, make_ports, pacs, radiograph, receive
from tests.worker.sandbox.scripted import Act, ScriptedSandbox
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.request import ScreenRequest
from worker.sandbox.protocol import Answer
from worker.screening_job import screen

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
GOOD = Answer(make_findings(), make_report())
REFUSED = NotEvaluable(code="age-unknown", reason="no birth date")


def _to(ports: Ports, *destinations: Destination) -> Ports:
    return replace(ports, settings=ports.settings.model_copy(update={"destinations": destinations}))


def _opened(ports: Ports, number: int = 1) -> int:
    """The number of a job that waits."""
    receive(ports, radiograph(number))
    index_received(ports)
    ((job_id, _),) = intake_quiet(ports)
    return job_id


def _job(ports: Ports, job_id: int) -> Job:
    with transaction(ports.sessions) as session:
        return jobs.get(session, job_id)


def _arrows(ports: Ports, job_id: int) -> list[str]:
    with transaction(ports.sessions) as session:
        return [event.to_state for event in events.of_job(session, job_id) if event.delivery_id is None]


def _outcome(ports: Ports, job_id: int) -> dict[str, Any] | None:
    with transaction(ports.sessions) as session:
        return findings.of_job(session, job_id)


def _roles(ports: Ports, job_id: int) -> list[str]:
    with transaction(ports.sessions) as session:
        return [item.role for item in reports.objects_of(session, job_id)]


def _deliveries(ports: Ports, job_id: int) -> list[tuple[str, str, str]]:
    with transaction(ports.sessions) as session:
        return [(item.destination, item.role, str(item.state)) for item in deliveries.of_job(session, job_id)]


def _nothing_written(ports: Ports, job_id: int) -> bool:
    return (_outcome(ports, job_id), _roles(ports, job_id), _deliveries(ports, job_id)) == (None, [], [])


def test_success_stores_findings_objects_and_deliveries(either: Ports, registry: FakeRegistry) -> None:
    ports = _to(either, pacs(104))
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(GOOD), "host:1")
    assert _job(ports, job_id).state is JobState.INFERRED
    outcome = _outcome(ports, job_id)
    assert outcome is not None
    assert outcome["groups"][0]["measurements"][0]["value"] == 12.5
    assert _roles(ports, job_id) == ["card", "measurements"]
    assert _deliveries(ports, job_id) == [("pacs", "card", "pending"), ("pacs", "measurements", "pending")]
    assert _arrows(ports, job_id) == ["ready", "claimed", "inferred"]
    with transaction(ports.sessions) as session:
        first = deliveries.of_job(session, job_id)[0]
    assert bell_of(ports).deliveries == [first.delivery_id]


def test_what_the_child_is_told(ports: Ports, registry: FakeRegistry) -> None:
    models = {MODEL: ModelSettings(enabled=True, thresholds=(5, 15))}
    ports = replace(ports, settings=ports.settings.model_copy(update={"models": models}), clock=lambda: LONG_AGO)
    item = ContextItem(patient_id="P1", issuer_of_patient_id="", diagnosis=PNEUMONIA)
    with transaction(ports.sessions) as session:
        context.import_items(session, [item])
    receive(ports, radiograph(2))
    name = receive(ports, radiograph(1))
    index_received(ports)
    ((job_id, _),) = intake_quiet(replace(ports, clock=lambda: datetime.now(UTC) + timedelta(seconds=1)))
    sandbox = ScriptedSandbox(GOOD)
    screen(job_id, ports, sandbox, "host:1")
    (request,) = sandbox.requests
    assert [instance.sop_instance_uid for instance in request.instances] == [f"{STUDY}.1.1", f"{STUDY}.1.2"]
    assert request.paths[0] == ports.spool.path(name)
    assert request.chosen.sop_instance_uids == _job(ports, job_id).sop_instance_uids
    assert (request.model_name, request.thresholds) == (MODEL, (5, 15))
    assert (request.config_digest, request.input_digest) == (CONFIG_DIGEST, _job(ports, job_id).input_digest)
    assert [code.value for code in request.context.diagnoses] == [PNEUMONIA.value]
    assert (request.inferred_at, request.predecessors, request.forms) == (LONG_AGO, (), ())
    assert (request.device, request.engine, request.half_precision) == ("auto", "auto", False)
    assert request.engine_cache == ports.settings.home / "engines"


def test_the_child_is_told_what_was_known_when_the_job_was_opened(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    with transaction(ports.sessions) as session:
        context.import_items(session, [ContextItem(patient_id="P1", diagnosis=PNEUMONIA)])
    sandbox = ScriptedSandbox(GOOD)
    screen(job_id, ports, sandbox, "host:1")
    (request,) = sandbox.requests
    assert request.context == ClinicalContext()


def test_a_job_that_another_holds_is_left_alone(either: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(either)
    with transaction(either.sessions) as session:
        assert jobs.claim(session, job_id, owner="host:2", lease_seconds=60, maximum_attempts=3) is not None
    sandbox = ScriptedSandbox(GOOD)
    screen(job_id, either, sandbox, "host:1")
    assert sandbox.requests == []
    assert _job(either, job_id).lease_owner == "host:2"
    assert _job(either, job_id).attempt == 1


def test_a_second_message_for_a_job_that_is_done_does_nothing(ports: Ports, registry: FakeRegistry) -> None:
    job_id, sandbox = _opened(ports), ScriptedSandbox(GOOD)
    for _ in range(2):
        screen(job_id, ports, sandbox, "host:1")
    assert len(sandbox.requests) == 1
    assert _arrows(ports, job_id) == ["ready", "claimed", "inferred"]


def test_a_message_for_no_job_does_nothing(ports: Ports, registry: FakeRegistry) -> None:
    sandbox = ScriptedSandbox(GOOD)
    screen(4711, ports, sandbox, "host:1")
    assert sandbox.requests == []


def test_a_result_that_the_destination_does_not_accept_is_held(either: Ports, registry: FakeRegistry) -> None:
    registry.the_card = make_card(evidence=Evidence.SIMULATION)
    ports = _to(either, pacs(104, accept_evidence=(Evidence.RESEARCH,)))
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(GOOD), "host:1")
    assert _deliveries(ports, job_id) == [("pacs", "card", "held"), ("pacs", "measurements", "held")]
    assert bell_of(ports).deliveries == []


def test_a_further_form_goes_only_where_it_is_asked_for(ports: Ports, registry: FakeRegistry) -> None:
    asked = pacs(105, name="workstation", objects=(ObjectKind.SC, ObjectKind.GSPS))
    ports = _to(ports, pacs(104, name="archive"), asked)
    report = Report(objects=(*GOOD.report.objects, make_object("marks", ObjectKind.GSPS)))
    job_id, sandbox = _opened(ports), ScriptedSandbox(Answer(GOOD.outcome, report))
    screen(job_id, ports, sandbox, "host:1")
    assert sandbox.requests[0].forms == (ObjectKind.GSPS,)
    assert _roles(ports, job_id) == ["card", "measurements", "marks"]
    assert [(where, role) for where, role, _ in _deliveries(ports, job_id)] == [
        ("archive", "card"), ("archive", "measurements"), ("workstation", "card"), ("workstation", "marks"),
    ]  # fmt: skip


def test_why_there_is_no_result_goes_where_it_is_wanted(ports: Ports, registry: FakeRegistry) -> None:
    ports = _to(ports, pacs(104, name="radiologists", not_evaluable=False), pacs(105, name="archive"))
    job_id = _opened(ports)
    report = Report(objects=(make_object("card", ObjectKind.SC),))
    screen(job_id, ports, ScriptedSandbox(Answer(REFUSED, report)), "host:1")
    assert _deliveries(ports, job_id) == [("archive", "card", "pending")]
    outcome = _outcome(ports, job_id)
    assert outcome is not None
    assert (outcome["kind"], outcome["code"], outcome["reason"]) == ("not_evaluable", "age-unknown", "no birth date")
    assert _job(ports, job_id).state is JobState.INFERRED


def test_what_may_work_later_is_tried_again_later(either: Ports, registry: FakeRegistry) -> None:
    ports = replace(either, clock=lambda: LONG_AGO)
    job_id = _opened(either)
    sandbox = ScriptedSandbox(SandboxDied("signal 11"), SandboxDied("signal 9"), GOOD)
    for attempt, seconds in ((1, 5), (2, 10)):
        screen(job_id, ports, sandbox, "host:1")
        job = _job(ports, job_id)
        assert (job.state, job.attempt) == (JobState.RETRY_WAIT, attempt)
        assert job.next_attempt_at == LONG_AGO + timedelta(seconds=seconds)
    assert _job(ports, job_id).reason == "signal 9"
    screen(job_id, ports, sandbox, "host:1")
    assert _job(ports, job_id).state is JobState.INFERRED


def test_a_job_that_waits_for_its_next_attempt_is_not_begun_early(ports: Ports, registry: FakeRegistry) -> None:
    job_id, sandbox = _opened(ports), ScriptedSandbox(SandboxDied("signal 11"))
    for _ in range(2):
        screen(job_id, ports, sandbox, "host:1")
    assert len(sandbox.requests) == 1


def test_three_crashes_end_in_quarantine(ports: Ports, registry: FakeRegistry) -> None:
    job_id, sandbox = _opened(ports), ScriptedSandbox(SandboxDied("the child ended (signal 11)"))
    for _ in range(5):
        screen(job_id, replace(ports, clock=lambda: LONG_AGO), sandbox, "host:1")
    job = _job(ports, job_id)
    assert (job.state, job.attempt) == (JobState.QUARANTINED, 3)
    assert job.reason == "the child ended (signal 11)"
    assert len(sandbox.requests) == 3


def test_what_will_fail_again_goes_to_quarantine_at_once(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(BadPixelData("cut off")), "host:1")
    job = _job(ports, job_id)
    assert (job.state, job.attempt, job.reason) == (JobState.QUARANTINED, 1, "cut off")
    assert _nothing_written(ports, job_id)


def test_a_fault_that_nobody_foresaw_is_a_failed_attempt_without_its_text(
    ports: Ports, registry: FakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(KeyError("DOE^JANE")), "host:1")
    job = _job(ports, job_id)
    assert job.state is JobState.RETRY_WAIT
    assert (job.reason or "").startswith("KeyError in tests.worker.sandbox.scripted:")
    assert "DOE" not in caplog.text


def test_a_result_that_cannot_be_stored_leaves_nothing_of_it(either: Ports, registry: FakeRegistry) -> None:
    ports = _to(either, pacs(104))
    first, second = _opened(ports, 1), _opened(ports, 2)
    screen(first, ports, ScriptedSandbox(GOOD), "host:1")
    screen(second, ports, ScriptedSandbox(GOOD), "host:1")  # the same SOP Instance UIDs
    assert _nothing_written(ports, second)
    assert _job(ports, second).state is JobState.RETRY_WAIT
    assert _job(ports, first).state is JobState.INFERRED


def _taken_over(ports: Ports, job_id: int, then: Answer | Exception | None) -> Act:
    """What happens when the lease ends in mid-run; `then`: how the run ends, None: as the sandbox ends it."""

    def act(_: ScreenRequest, cancelled: threading.Event) -> Answer:
        with transaction(ports.sessions) as session:
            jobs.release_owner(session, "host:1")
            assert jobs.claim(session, job_id, owner="host:2", lease_seconds=60, maximum_attempts=3) is not None
        if then is None:
            assert cancelled.wait(10), "the run was not told that its lease is lost"
            raise LeaseLost("another worker holds this job now")
        if isinstance(then, Exception):
            raise then
        return then

    return act


@pytest.mark.parametrize("then", [None, GOOD, SandboxDied("signal 9"), BadPixelData("cut off"), KeyError("x")])
def test_a_lease_lost_in_mid_run_writes_nothing(
    ports: Ports, registry: FakeRegistry, then: Answer | Exception | None
) -> None:
    ports = _to(ports, pacs(104))
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(_taken_over(ports, job_id, then)), "host:1")
    job = _job(ports, job_id)
    assert (job.state, job.lease_owner, job.attempt) == (JobState.CLAIMED, "host:2", 2)
    assert _nothing_written(ports, job_id)
    assert bell_of(ports).deliveries == []


@pytest.mark.postgres
def test_a_lease_lost_on_postgres_writes_nothing(postgres_url: str, tmp_path: Path, registry: FakeRegistry) -> None:
    ports = make_ports(tmp_path, database_url=postgres_url, destinations=(pacs(104),))
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(_taken_over(ports, job_id, GOOD)), "host:1")
    assert _job(ports, job_id).lease_owner == "host:2"
    assert _nothing_written(ports, job_id)


def test_a_database_that_is_gone_leaves_the_job_to_its_lease(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    with pytest.raises(DatabaseUnavailable):
        screen(job_id, ports, ScriptedSandbox(DatabaseUnavailable("no answer")), "host:1")
    assert _job(ports, job_id).state is JobState.CLAIMED


def test_a_revision_names_the_report_that_it_replaces(either: Ports, registry: FakeRegistry) -> None:
    first = _opened(either, 1)
    screen(first, either, ScriptedSandbox(GOOD), "host:1")
    second = _opened(either, 2)
    sandbox = ScriptedSandbox(Answer(make_findings(), make_report(run=2)))
    screen(second, either, sandbox, "host:1")
    before = make_object("measurements", ObjectKind.SR)
    assert sandbox.requests[0].predecessors == (
        Predecessor(
            study_instance_uid=STUDY,
            series_instance_uid=before.series_instance_uid,
            sop_instance_uid=before.sop_instance_uid,
            sop_class_uid=before.sop_class_uid,
        ),
    )
    assert _job(either, first).state is JobState.SUPERSEDED
    assert _job(either, second).state is JobState.INFERRED
    assert _roles(either, first) == ["card", "measurements"]  # nothing is deleted


def test_a_text_names_the_text_that_it_replaces(ports: Ports, registry: FakeRegistry) -> None:
    before = Report(objects=(*GOOD.report.objects, make_object("text", ObjectKind.TEXT_SR)))
    screen(_opened(ports, 1), ports, ScriptedSandbox(Answer(GOOD.outcome, before)), "host:1")
    sandbox = ScriptedSandbox(Answer(make_findings(), make_report(run=2)))
    screen(_opened(ports, 2), ports, sandbox, "host:1")
    named = [item.sop_instance_uid for item in sandbox.requests[0].predecessors]
    kinds = (("measurements", ObjectKind.SR), ("text", ObjectKind.TEXT_SR))
    assert named == [make_object(*item).sop_instance_uid for item in kinds]


@pytest.mark.parametrize("fate", ["waiting", "quarantined"])
def test_a_revision_of_what_never_had_a_report_names_none(ports: Ports, registry: FakeRegistry, fate: str) -> None:
    first = _opened(ports, 1)
    if fate == "quarantined":
        screen(first, ports, ScriptedSandbox(BadPixelData("cut off")), "host:1")
    second = _opened(ports, 2)
    sandbox = ScriptedSandbox(GOOD)
    screen(second, ports, sandbox, "host:1")
    assert sandbox.requests[0].predecessors == ()
    assert _job(ports, first).state is JobState.SUPERSEDED


def test_a_revision_of_a_failed_revision_names_the_report_before(ports: Ports, registry: FakeRegistry) -> None:
    screen(_opened(ports, 1), ports, ScriptedSandbox(GOOD), "host:1")
    screen(_opened(ports, 2), ports, ScriptedSandbox(BadPixelData("cut off")), "host:1")
    sandbox = ScriptedSandbox(Answer(make_findings(), make_report(run=3)))
    screen(_opened(ports, 3), ports, sandbox, "host:1")
    (named,) = sandbox.requests[0].predecessors
    assert named.sop_instance_uid == make_object("measurements", ObjectKind.SR).sop_instance_uid


def test_deliveries_of_an_inferred_job_have_no_attempt_yet(ports: Ports, registry: FakeRegistry) -> None:
    ports = _to(ports, pacs(104))
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(GOOD), "host:1")
    with transaction(ports.sessions) as session:
        assert {(item.state, item.attempt) for item in deliveries.of_job(session, job_id)} == {
            (DeliveryState.PENDING, 0)
        }


def test_weights_that_were_tampered_with_are_told_in_the_audit_trail(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    said = "models/model.safetensors in /bundles/own was changed"
    screen(job_id, ports, ScriptedSandbox(WeightsMismatch(said)), "worker")
    assert _job(ports, job_id).state is JobState.QUARANTINED
    with transaction(ports.sessions) as session:
        entry, *_ = audit.newest(session)
    assert (entry.actor, entry.action, entry.subject, entry.detail) == (
        "worker",
        "refuse weights",
        f"model {MODEL}",
        said,
    )
