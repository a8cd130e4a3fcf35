"""How an attempt ends, and what is planned to be sent; whole jobs are in test_screening_job.py."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from db import jobs
from db.engine import transaction
from screening.card import Evidence
from screening.errors import BadPixelData, ConfigurationChanged, DatabaseUnavailable, LeaseLost, SandboxDied
from screening.jobs import Claim, Job, JobState
from screening.reports import ObjectKind
from screening.settings import Destination, Settings
from tests.db.factories import make_findings, make_report
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import MODEL, make_card, pacs, radiograph, receive
from worker.finishing import attempt, finish, plan
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.sandbox.protocol import Answer

GOOD = Answer(make_findings(), make_report())


def _settings(*destinations: Destination) -> Settings:
    return Settings(destinations=destinations)


def test_each_destination_gets_the_kinds_that_it_asks_for(registry: FakeRegistry) -> None:
    settings = _settings(
        pacs(104, name="pictures", objects=(ObjectKind.SC,)), pacs(105, name="reports", objects=(ObjectKind.SR,))
    )
    planned = [(item.destination, item.role) for item in plan(settings, MODEL, GOOD.outcome, GOOD.report)]
    assert planned == [("pictures", "card"), ("reports", "measurements")]


@pytest.mark.parametrize(("evidence", "held"), [(Evidence.SIMULATION, True), (Evidence.SITE_VALIDATED, False)])
def test_by_default_nothing_trained_by_simulation_is_sent(
    registry: FakeRegistry, evidence: Evidence, held: bool
) -> None:
    registry.the_card = make_card(evidence=evidence)
    settings = _settings(Destination(name="pacs", ae_title="PACS", address="pacs.hospital", port=104))
    assert {item.held for item in plan(settings, MODEL, GOOD.outcome, GOOD.report)} == {held}


def _claimed(ports: Ports) -> Claim:
    receive(ports, radiograph(1))
    index_received(ports)
    ((job_id, _),) = intake_quiet(ports)
    with transaction(ports.sessions) as session:
        found = jobs.claim(session, job_id, owner="host:1", lease_seconds=60, maximum_attempts=3)
    assert found is not None
    return found


def _job(ports: Ports, claim: Claim) -> Job:
    with transaction(ports.sessions) as session:
        return jobs.get(session, claim.job.job_id)


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        (SandboxDied("signal 11"), JobState.RETRY_WAIT, "signal 11"),
        (BadPixelData("cut off"), JobState.QUARANTINED, "cut off"),
        (ConfigurationChanged("replaced"), JobState.QUARANTINED, "replaced; intake opens a new job"),
        (KeyError("DOE^JANE"), JobState.RETRY_WAIT, "KeyError in tests.worker.test_finishing"),
        (LeaseLost("another worker holds this job now"), JobState.CLAIMED, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_a_fault_makes_of_a_job(
    ports: Ports, registry: FakeRegistry, fault: Exception, state: JobState, reason: str | None
) -> None:
    claim = _claimed(ports)
    with attempt(ports, claim):
        raise fault
    job = _job(ports, claim)
    assert job.state is state
    assert (job.reason or "").startswith(reason or "")
    assert "DOE" not in (job.reason or "")


def test_a_database_that_is_gone_is_told_to_the_caller(ports: Ports, registry: FakeRegistry) -> None:
    claim = _claimed(ports)
    with pytest.raises(DatabaseUnavailable), attempt(ports, claim):
        raise DatabaseUnavailable("no answer")
    assert _job(ports, claim).state is JobState.CLAIMED


def test_the_log_names_the_job_whichever_message_began_it(
    ports: Ports, registry: FakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    claim = _claimed(ports)
    with caplog.at_level(logging.INFO), attempt(ports, claim):
        finish(ports, claim, GOOD)
    assert f"job {claim.job.job_id}: findings stored, by an unknown engine" in caplog.messages


def test_a_result_is_stored_once(ports: Ports, registry: FakeRegistry) -> None:
    claim = _claimed(ports)
    finish(ports, claim, GOOD)
    with pytest.raises(LeaseLost):
        finish(ports, claim, GOOD)
    assert _job(ports, claim).state is JobState.INFERRED


def test_each_attempt_waits_twice_as_long(ports: Ports, registry: FakeRegistry) -> None:
    claim, now = _claimed(ports), datetime(2020, 1, 1, tzinfo=UTC)
    late = Ports(
        settings=ports.settings, sessions=ports.sessions, spool=ports.spool, bell=ports.bell, clock=lambda: now
    )
    with attempt(late, claim):
        raise SandboxDied("signal 9")
    assert _job(ports, claim).next_attempt_at == now + timedelta(seconds=5)
