"""What a user asks for by command: the model's own selection still decides, the indication does not."""

from dataclasses import replace
from typing import Any

import pytest

from db import audit, jobs, selections
from db.audit import Entry
from db.engine import transaction
from db.selections import Recorded
from screening.jobs import Job, JobState
from screening.settings import Indication, ModelSettings
from screening.types import Selection, Study
from tests.worker.factories import STUDY
from tests.worker.fake_registry import FakeRegistry, choose_frontal
from tests.worker.ports import MODEL, radiograph, receive
from worker.by_command import Answer, screen_by_command
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports


def _with(ports: Ports, **model: Any) -> Ports:
    settings = ports.settings.model_copy(update={"models": {MODEL: ModelSettings(**{"enabled": True, **model})}})
    return replace(ports, settings=settings)


def _arrive(ports: Ports, number: int = 1, **elements: Any) -> None:
    receive(ports, radiograph(number, **elements))
    index_received(ports)
    assert intake_quiet(ports) == []


def _ask(ports: Ports, name: str = MODEL) -> Answer:
    with transaction(ports.sessions) as session:
        return screen_by_command(session, ports.settings, STUDY, name, "ann")


def _left(ports: Ports) -> tuple[list[Job], list[Recorded], list[Entry]]:
    """Jobs, decisions and audit trail."""
    with transaction(ports.sessions) as session:
        decisions = [row for row in selections.of_study(session, STUDY) if row.kind == "decision"]
        return jobs.of_study(session, STUDY), decisions, audit.newest(session)


@pytest.mark.parametrize(
    "model", [{"when": "manual", "queue": "gpu"}, {"when": "indication", "indication": Indication(words=("fever",))}]
)
def test_a_job_is_opened_whatever_is_known_of_the_indication(
    either: Ports, registry: FakeRegistry, model: dict[str, Any]
) -> None:
    node = _with(either, **model)
    _arrive(node)
    answer = _ask(node)
    (job,), (decision,), (entry,) = _left(node)
    assert answer == Answer(job=job, opened=True, reason="asked for by ann")
    assert (job.state, job.model_name, job.sop_instance_uids) == (JobState.READY, MODEL, (f"{STUDY}.1.1",))
    assert (decision.code, decision.reason) == ("eligible", "asked for by ann")
    assert (entry.actor, entry.action, entry.subject) == ("ann", "screen", f"study {STUDY}")
    assert entry.detail == f"{MODEL}: job {job.job_id} opened"
    with transaction(node.sessions) as session:
        assert jobs.waiting_queues(session) == [node.settings.models[MODEL].queue]


def test_asking_again_gives_the_same_job(ports: Ports, registry: FakeRegistry) -> None:
    node = _with(ports, when="manual")
    _arrive(node)
    first, again = _ask(node), _ask(node)
    assert (again.job, again.opened) == (first.job, False)
    found, _, trail = _left(node)
    assert len(found) == 1
    assert len(trail) == 2


def test_after_a_later_image_it_is_a_revision(ports: Ports, registry: FakeRegistry) -> None:
    node = _with(ports, when="manual")
    _arrive(node, 1)
    first = _ask(node)
    _arrive(node, 2)
    second = _ask(node)
    assert first.job is not None
    assert second.job is not None
    assert second.job.predecessor_id == first.job.job_id


def test_where_no_series_is_eligible_it_is_refused_with_the_reasons(ports: Ports, registry: FakeRegistry) -> None:
    registry.selectors[MODEL] = choose_frontal
    node = _with(ports, when="manual")
    _arrive(node, ViewPosition="LL")
    assert _ask(node) == Answer(job=None, opened=False, reason="not a frontal view")
    found, (decision,), (entry,) = _left(node)
    assert found == []
    assert decision.code == "ineligible"
    assert entry.detail == f"{MODEL}: refused: not a frontal view"


def test_a_study_in_conflict_is_refused(ports: Ports, registry: FakeRegistry) -> None:
    node = _with(ports, when="manual")
    _arrive(node, 1)
    _arrive(node, 2, PatientID="P2")
    answer = _ask(node)
    assert answer.job is None
    assert "another patient" in answer.reason
    found, (decision,), (entry,) = _left(node)
    assert found == []
    assert decision.code == "conflict"
    assert "P1" not in entry.detail + answer.reason


def test_a_selection_that_fails_is_refused(ports: Ports, registry: FakeRegistry) -> None:
    node = _with(ports, when="manual")
    _arrive(node)

    def fault(_: Study) -> Selection:
        raise KeyError("DOE^JANE")

    registry.selectors[MODEL] = fault
    answer = _ask(node)
    assert answer.job is None
    assert answer.reason.startswith(f"the selection of {MODEL} failed: KeyError")
    assert _left(node)[0] == []


@pytest.mark.parametrize("name", [MODEL, "other"])
def test_a_model_that_is_not_enabled_is_refused(ports: Ports, registry: FakeRegistry, name: str) -> None:
    node = _with(ports, enabled=False)
    _arrive(node)
    assert _ask(node, name) == Answer(job=None, opened=False, reason=f"model {name} is not enabled; enabled: none")
    found, decisions, (entry,) = _left(node)
    assert (found, decisions) == ([], [])
    assert "is not enabled" in entry.detail
