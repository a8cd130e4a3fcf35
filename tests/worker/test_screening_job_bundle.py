"""Jobs and a site's own bundle: what a job was opened under is what it runs under, or it does not run."""

from dataclasses import replace
from pathlib import Path

import pytest

from db import deliveries, findings, jobs, reports
from db.engine import transaction
from screening.card import Evidence
from screening.errors import ConfigurationChanged
from screening.jobs import Job, JobState
from screening.settings import ModelSettings
from tests.db.factories import make_findings, make_report
from tests.worker.factories import STUDY
from tests.worker.fake_registry import CONFIG_DIGEST, FakeRegistry
from tests.worker.ports import MODEL, make_card, pacs, radiograph, receive
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.request import ScreenRequest
from worker.sandbox.protocol import Answer
from worker.screening_job import screen

GOOD = Answer(make_findings(), make_report())
OWN, OWN_DIGEST = Path("/site/bundle"), "d" * 64
OTHER, OTHER_DIGEST = Path("/site/other"), "e" * 64


@pytest.fixture(autouse=True)
def _own_bundles(registry: FakeRegistry) -> None:
    registry.own[OWN] = make_card(version="2.0.0", evidence=Evidence.SITE_VALIDATED), OWN_DIGEST
    registry.own[OTHER] = make_card(version="3.0.0", evidence=Evidence.RESEARCH), OTHER_DIGEST


def _under(ports: Ports, bundle: Path | None, **model: object) -> Ports:
    """The same node, with this bundle in force and a destination that takes only what a site validated."""
    clinical = pacs(104, accept_evidence=(Evidence.SITE_VALIDATED,))
    section = ModelSettings.model_validate({"enabled": True, "bundle": bundle, **model})
    changes = {"models": {MODEL: section}, "destinations": (clinical,)}
    return replace(ports, settings=ports.settings.model_copy(update=changes))


def _opened(ports: Ports) -> int:
    receive(ports, radiograph(1))
    index_received(ports)
    ((job_id, _),) = intake_quiet(ports)
    return job_id


def _jobs(ports: Ports) -> list[Job]:
    with transaction(ports.sessions) as session:
        return jobs.of_study(session, STUDY)


def _states(ports: Ports, job_id: int) -> set[str]:
    with transaction(ports.sessions) as session:
        return {str(item.state) for item in deliveries.of_job(session, job_id)}


def _left_nothing(ports: Ports, job_id: int) -> bool:
    with transaction(ports.sessions) as session:
        return findings.of_job(session, job_id) is None and not reports.objects_of(session, job_id)


def test_the_job_and_the_child_are_told_of_the_own_bundle(ports: Ports) -> None:
    ports = _under(ports, OWN)
    job_id, sandbox = _opened(ports), ScriptedSandbox(GOOD)
    screen(job_id, ports, sandbox, "host:1")
    (job,) = _jobs(ports)
    assert (job.model_version, job.config_digest, job.state) == ("2.0.0", OWN_DIGEST, JobState.INFERRED)
    (request,) = sandbox.requests
    assert (request.bundle, request.config_digest) == (OWN, OWN_DIGEST)


@pytest.mark.parametrize(("bundle", "state"), [(None, "held"), (OTHER, "held"), (OWN, "pending")])
def test_the_evidence_of_the_bundle_in_force_decides_what_is_held(
    ports: Ports, bundle: Path | None, state: str
) -> None:
    ports = _under(ports, bundle)
    job_id = _opened(ports)
    screen(job_id, ports, ScriptedSandbox(GOOD), "host:1")
    assert _states(ports, job_id) == {state}


@pytest.mark.parametrize(("before", "after"), [(None, OWN), (OWN, None), (OWN, OTHER)])
def test_a_job_of_another_bundle_does_not_run_and_is_opened_anew(
    either: Ports, before: Path | None, after: Path | None
) -> None:
    first = _opened(_under(either, before))
    node = _under(either, after)
    screen(first, node, ScriptedSandbox(GOOD), "host:1")
    (job,) = _jobs(node)
    assert job.state is JobState.QUARANTINED
    assert job.reason is not None
    assert f"opened under configuration {job.config_digest[:12]} of {MODEL}" in job.reason
    assert "intake opens a new job" in job.reason
    assert _left_nothing(node, first)

    ((second, _),) = intake_quiet(node)
    screen(second, node, ScriptedSandbox(GOOD), "host:1")
    old, new = _jobs(node)
    assert (old.state, new.state) == (JobState.SUPERSEDED, JobState.INFERRED)
    assert new.predecessor_id == first
    assert new.config_digest != old.config_digest
    assert intake_quiet(node) == []


def test_a_child_that_finds_another_configuration_is_not_asked_again(ports: Ports) -> None:
    job_id = _opened(_under(ports, OWN))
    screen(job_id, _under(ports, OWN), ScriptedSandbox(ConfigurationChanged("opened under another")), "host:1")
    (job,) = _jobs(ports)
    assert (job.state, job.attempt) == (JobState.QUARANTINED, 1)


def test_a_bundle_that_is_changed_during_the_run_drops_its_result(ports: Ports, registry: FakeRegistry) -> None:
    ports = _under(ports, OWN)
    job_id = _opened(ports)

    def while_the_card_is_edited(request: ScreenRequest, _: object) -> Answer:
        registry.own[OWN] = make_card(version="2.0.0", evidence=Evidence.RESEARCH), OTHER_DIGEST
        return GOOD

    screen(job_id, ports, ScriptedSandbox(while_the_card_is_edited), "host:1")
    assert _jobs(ports)[0].state is JobState.QUARANTINED
    assert _left_nothing(ports, job_id)


def test_two_workers_with_different_settings_open_no_jobs_without_end(ports: Ports) -> None:
    """In the middle of a rolling restart: the worker that was not restarted cannot do the new job, nor undo it."""
    old, new = _under(ports, None), _under(ports, OWN)
    first = _opened(old)
    screen(first, new, ScriptedSandbox(GOOD), "host:1")
    ((second, _),) = intake_quiet(new)
    screen(second, old, ScriptedSandbox(GOOD), "host:2")
    assert intake_quiet(new) == []
    assert [job.state for job in _jobs(ports)] == [JobState.QUARANTINED] * 2
    with transaction(ports.sessions) as session:  # an operator, after all were restarted
        assert jobs.retry(session, second, "ann")
    screen(second, new, ScriptedSandbox(GOOD), "host:1")
    assert [job.state for job in _jobs(ports)] == [JobState.SUPERSEDED, JobState.INFERRED]


def test_a_model_that_runs_by_command_is_not_opened_by_itself(ports: Ports) -> None:
    job_id = _opened(_under(ports, None))
    by_command = _under(ports, OWN, when="manual")
    screen(job_id, by_command, ScriptedSandbox(GOOD), "host:1")
    assert intake_quiet(by_command) == []
    (job,) = _jobs(ports)
    assert job.state is JobState.QUARANTINED
    assert (job.reason or "").endswith("ask again: opportune study screen")


def test_the_digest_of_the_shipped_bundle_is_as_before(ports: Ports) -> None:
    _opened(_under(ports, None))
    assert [job.config_digest for job in _jobs(ports)] == [CONFIG_DIGEST]
