"""What is told of a study is complete, is JSON, and names no patient."""

import json
from dataclasses import replace

import pytest

from db.engine import transaction
from db.study_report import describe_study
from tests.db.factories import make_findings, make_report
from tests.worker.factories import STUDY
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import MODEL, pacs, radiograph, receive
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.sandbox.protocol import Answer
from worker.screening_job import screen


@pytest.fixture
def screened(ports: Ports, registry: FakeRegistry) -> Ports:
    """A node with one screened study."""
    node = replace(ports, settings=ports.settings.model_copy(update={"destinations": (pacs(104),)}))
    receive(node, radiograph(PatientBirthDate="19510417"))
    index_received(node)
    ((job_id, _),) = intake_quiet(node)
    screen(job_id, node, ScriptedSandbox(Answer(make_findings(), make_report())), "host:1")
    return node


def test_selections_job_history_outcome_and_deliveries(screened: Ports) -> None:
    with transaction(screened.sessions) as session:
        values = describe_study(session, STUDY, quiet_seconds=0)
    assert (values["study_instance_uid"], values["instances"], values["conflict"]) == (STUDY, 1, None)
    decision, chosen = values["selections"]
    assert (decision["model"], decision["kind"], decision["code"]) == (MODEL, "decision", "eligible")
    assert (chosen["series_instance_uid"], chosen["sop_instance_uids"]) == (f"{STUDY}.1", [f"{STUDY}.1.1"])
    (job,) = values["jobs"]
    assert (job["state"], job["attempt"], job["reason"]) == ("inferred", 1, None)
    assert [event["to"] for event in job["events"]] == ["ready", "claimed", "inferred", "pending", "pending"]
    assert [span["stage"] for span in job["timeline"]] == ["receive", "quiet", "intake", "queue", "request", "store"]
    assert all(span["seconds"] >= 0 for span in job["timeline"])
    assert list(job["stages"]) == ["request"]
    assert job["outcome"]["groups"][0]["measurements"][0]["value"] == 12.5
    assert [(item["destination"], item["kind"], item["role"], item["state"]) for item in job["deliveries"]] == [
        ("pacs", "sc", "card", "pending"),
        ("pacs", "sr", "measurements", "pending"),
    ]


def test_it_is_json_without_the_patient(screened: Ports) -> None:
    with transaction(screened.sessions) as session:
        text = json.dumps(describe_study(session, STUDY, quiet_seconds=0))
    assert not any(name in text for name in ("DOE", "JANE", '"P1"', "19510417"))


def test_a_conflict_is_told(screened: Ports) -> None:
    receive(screened, radiograph(2, PatientID="P2"))
    index_received(screened)
    with transaction(screened.sessions) as session:
        conflict = describe_study(session, STUDY, quiet_seconds=0)["conflict"]
    assert "patient" in conflict.lower()
    assert "P2" not in conflict


def test_a_study_that_is_not_there(ports: Ports) -> None:
    with transaction(ports.sessions) as session, pytest.raises(KeyError):
        describe_study(session, "1.2.3", quiet_seconds=0)
