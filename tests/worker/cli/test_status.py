"""What is where, and why; and what an operator may do about it."""

import getpass
from pathlib import Path

import pytest

from db import audit, deliveries, jobs
from db.engine import transaction
from screening.errors import BadPixelData
from screening.jobs import JobState
from screening.reports import DeliveryState, SendResult
from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from tests.worker.cli.screened import GOOD, screened
from tests.worker.factories import STUDY
from tests.worker.fake_registry import FakeRegistry, choose_frontal
from tests.worker.ports import MODEL, radiograph, receive
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.secrecy import Secrecy, log_key

BAD = BadPixelData("the pixel data are cut off [2 of 9 rows]")


def _state(node: Ports, job_id: int) -> JobState:
    with transaction(node.sessions) as session:
        return jobs.get(session, job_id).state


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("study", "show", "A-17"),
        ("study", "retry", "A-17"),
        ("study", "screen", "A-17", "--model", MODEL),
        ("quarantine", "list"),
    ],
)
def test_without_a_database_it_says_where_it_looked(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = opportune(*command)
    assert ended.status == 1
    assert ended.words.startswith("opportune: there is no database in opportune-data: has the node run here")
    assert not (tmp_path / "opportune-data").exists()


def test_a_database_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPPORTUNE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    ended = opportune("status")
    assert ended.status == 1
    assert ended.err.startswith("opportune: the database does not answer")


def test_status_counts(node: Ports) -> None:
    screened(node, ScriptedSandbox(GOOD))
    as_json, as_table = opportune("status", "--json"), opportune("status")
    assert as_json.status == as_table.status == 0
    assert as_json.json["instances"]["indexed"] == 1
    assert as_json.json["jobs"]["inferred"] == 1
    assert as_json.json["deliveries"]["pacs"]["pending"] == 2
    assert as_json.json["conditions"] == {}
    assert as_json.json["disk"]["accepting"] is True
    assert "indexed" in as_table.out
    assert "pending 2" in as_table.out


def test_a_study_is_found_by_accession_number_and_by_uid(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(GOOD))
    for text in ("A-17", STUDY):
        ended = opportune("study", "show", text, "--json")
        assert ended.status == 0
        (found,) = ended.json
        assert found["study_instance_uid"] == STUDY
        assert [job["job_id"] for job in found["jobs"]] == [job_id]
        assert found["jobs"][0]["outcome"]["conclusion"] == "High risk."


def test_a_study_is_shown_to_people_with_history_findings_and_deliveries(node: Ports) -> None:
    screened(node, ScriptedSandbox(GOOD))
    out = opportune("study", "show", "A-17").out
    for text in ("eligible", "claimed", "inferred", "queue", "30-day mortality", "12.50", "measurements", "pending"):
        assert text in out
    assert not any(name in out for name in ("DOE", "P1"))


def test_why_a_study_was_not_screened_is_shown(node: Ports, registry: FakeRegistry) -> None:
    registry.selectors[MODEL] = choose_frontal
    receive(node, radiograph(AccessionNumber="A-17", ViewPosition="LL"))
    index_received(node)
    intake_quiet(node)
    out = opportune("study", "show", "A-17").out
    assert "ineligible" in out
    assert "not a frontal view" in out


@pytest.mark.parametrize("command", [("show",), ("retry",), ("screen", "--model", MODEL)])
def test_a_study_that_is_not_there(node: Ports, command: tuple[str, ...]) -> None:
    ended = opportune("study", *command, "A-99")
    assert ended.status == 1
    assert ended.words == "opportune: no study has this Accession Number, Study Instance UID or name in the log"


def test_quarantine_is_listed_with_its_reason(node: Ports) -> None:
    assert opportune("quarantine", "list").out == "Quarantine: none\n"
    job_id = screened(node, ScriptedSandbox(BAD))
    (row,) = opportune("quarantine", "list", "--json").json
    assert (row["job_id"], row["model"], row["attempt"], row["reason"]) == (job_id, MODEL, 1, str(BAD))
    assert str(BAD) in opportune("quarantine", "list").out
    assert "--limit" not in opportune("quarantine", "list").err
    assert "--limit" in opportune("quarantine", "list", "--limit", "1").err


def test_a_quarantined_job_is_tried_again(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(BAD))
    ended = opportune("quarantine", "retry", job_id)
    assert (ended.status, ended.out) == (0, f"job {job_id} will be tried again\n")
    assert _state(node, job_id) is JobState.READY
    with transaction(node.sessions) as session:
        (entry,) = audit.newest(session)
    assert (entry.actor, entry.action) == (getpass.getuser(), "retry")


def test_a_quarantined_job_is_given_up_with_a_reason(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(BAD))
    ended = opportune("quarantine", "dismiss", job_id, "--why", "sent by mistake")
    assert ended.status == 0
    assert _state(node, job_id) is JobState.DISMISSED
    with transaction(node.sessions) as session:
        assert audit.newest(session)[0].detail == "sent by mistake"
    assert opportune("quarantine", "list", "--json").json == []


def test_giving_up_needs_a_reason(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(BAD))
    ended = opportune("quarantine", "dismiss", job_id)
    assert ended.status == 2
    assert "--why" in ended.err
    assert _state(node, job_id) is JobState.QUARANTINED


@pytest.mark.parametrize("command", [("retry",), ("dismiss", "--why", "x")])
def test_a_job_that_is_done_or_unknown_is_not_in_quarantine(node: Ports, command: tuple[str, ...]) -> None:
    job_id = screened(node, ScriptedSandbox(GOOD))
    for number, message in ((job_id, f"job {job_id} is not in quarantine"), (4711, "there is no job 4711")):
        ended = opportune("quarantine", *command, number)
        assert ended.status == 1
        assert ended.words == f"opportune: {message}"
    assert _state(node, job_id) is JobState.INFERRED


def test_a_study_is_tried_again_jobs_and_deliveries(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(GOOD))
    with transaction(node.sessions) as session:
        first = deliveries.of_job(session, job_id)[0].delivery_id
        batch = deliveries.claim_batch(session, first, owner="s", lease_seconds=60)
        assert batch is not None
        for item in batch.deliveries:
            refused = SendResult(
                status=0xC000, detail="no", sop_class_uid="1.2", sop_instance_uid=item.object.sop_instance_uid
            )
            deliveries.record(session, item.delivery_id, owner="s", result=refused, retry_at=None)
    assert opportune("study", "retry", "A-17").out == "2 will be tried again\n"
    with transaction(node.sessions) as session:
        assert {item.state for item in deliveries.of_job(session, job_id)} == {DeliveryState.PENDING}
    assert opportune("study", "retry", "A-17").out == "0 will be tried again\n"


def test_a_studys_quarantined_job_is_tried_again(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(BAD))
    assert opportune("study", "retry", STUDY).out == "1 will be tried again\n"
    assert _state(node, job_id) is JobState.READY


def test_what_was_given_up_stays_given_up(node: Ports) -> None:
    job_id = screened(node, ScriptedSandbox(BAD))
    opportune("quarantine", "dismiss", job_id, "--why", "sent by mistake")
    assert opportune("study", "retry", STUDY).out == "0 will be tried again\n"
    assert _state(node, job_id) is JobState.DISMISSED
    assert opportune("quarantine", "retry", job_id).status == 0  # unless it is asked for by its number
    assert _state(node, job_id) is JobState.READY


def _arrived(node: Ports, configure: Configure, view: str = "PA") -> None:
    """A study in the node's database, for a model that runs by command."""
    configure(f'[models.{MODEL}]\nenabled = true\nwhen = "manual"\n')
    receive(node, radiograph(AccessionNumber="A-17", ViewPosition=view))
    index_received(node)


@pytest.mark.parametrize("text", ["A-17", STUDY])
def test_a_study_is_screened_because_a_user_asks(node: Ports, configure: Configure, text: str) -> None:
    _arrived(node, configure)
    ended = opportune("study", "screen", text, "--model", MODEL)
    with transaction(node.sessions) as session:
        (job,) = jobs.of_study(session, STUDY)
        (entry,) = audit.newest(session)
    assert (ended.status, ended.out) == (0, f"job {job.job_id} is opened\n")
    assert entry.actor == getpass.getuser()
    assert opportune("study", "screen", text, "--model", MODEL).out == f"job {job.job_id} is there already: ready\n"


def test_a_study_that_no_series_of_is_eligible_is_refused_with_the_reason(
    node: Ports, configure: Configure, registry: FakeRegistry
) -> None:
    registry.selectors[MODEL] = choose_frontal
    _arrived(node, configure, "LL")
    ended = opportune("study", "screen", "A-17", "--model", MODEL)
    assert ended.status == 1
    assert ended.words == f"opportune: study {STUDY} is not screened: not a frontal view"
    with transaction(node.sessions) as session:
        assert len(audit.newest(session)) == 1  # that it was asked for is kept


def test_which_model_must_be_said(node: Ports, configure: Configure) -> None:
    _arrived(node, configure)
    ended = opportune("study", "screen", "A-17")
    assert ended.status == 2
    assert "--model" in ended.err


def test_a_study_is_found_by_its_name_in_the_log(node: Ports, tmp_path: Path) -> None:
    receive(node, radiograph())
    index_received(node)
    name = Secrecy(log_key(node.settings)).name(STUDY)
    assert opportune("study", "show", name, "--json").json[0]["study_instance_uid"] == STUDY
    assert opportune("study", "show", "uid-0123456789abcdef", "--json").status == 1
