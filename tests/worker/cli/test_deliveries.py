"""What a destination refused for good, listed and sent again."""

import pytest

from db import audit, deliveries
from db.engine import transaction
from screening.reports import DeliveryState, SendResult
from tests.worker.cli.command import opportune
from tests.worker.cli.screened import GOOD, screened
from tests.worker.factories import STUDY
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.ports import Ports


@pytest.fixture
def refused(node: Ports) -> list[int]:
    """Two deliveries that the archive refused for good."""
    job_id = screened(node, ScriptedSandbox(GOOD))
    with transaction(node.sessions) as session:
        numbers = [item.delivery_id for item in deliveries.of_job(session, job_id)]
        batch = deliveries.claim_batch(session, numbers[0], owner="host:1", lease_seconds=60)
        assert batch is not None
        for item in batch.deliveries:
            refusal = SendResult(
                status=0xA900, detail="C-STORE answered 0xA900", sop_class_uid=item.object.sop_class_uid,
                sop_instance_uid=item.object.sop_instance_uid,
            )  # fmt: skip
            deliveries.record(session, item.delivery_id, owner="host:1", result=refusal, retry_at=None)
    return numbers


def _states(node: Ports) -> list[DeliveryState]:
    with transaction(node.sessions) as session:
        return [item.state for state in DeliveryState for item in deliveries.in_state(session, state)]


def test_what_failed_is_listed_with_what_the_destination_said(refused: list[int]) -> None:
    told = opportune("deliveries", "list", "--json").json
    assert [row["delivery_id"] for row in told] == refused
    assert told[0] | {"detail": ""} == told[0] | {
        "destination": "pacs", "study_instance_uid": STUDY, "status": "0xA900", "attempt": 1, "detail": "",
    }  # fmt: skip
    first = opportune("deliveries", "list", "--json", "--limit", "1")
    assert [row["delivery_id"] for row in first.json] == refused[:1]
    assert "the first 1" in first.err
    out = opportune("deliveries", "list").out
    assert "0xA900" in out
    assert opportune("deliveries", "list", "--destination", "other").out == "Deliveries, failed: none\n"
    assert opportune("deliveries", "list", "--state", "pending").out == "Deliveries, pending: none\n"


def test_one_is_sent_again(node: Ports, refused: list[int]) -> None:
    ended = opportune("deliveries", "retry", str(refused[0]))
    assert ended.out == "1 will be sent again\n"
    assert sorted(_states(node)) == sorted([DeliveryState.PENDING, DeliveryState.FAILED])
    with transaction(node.sessions) as session:
        assert audit.newest(session)[0].action == "retry"


def test_all_of_a_destination_are_sent_again(node: Ports, refused: list[int]) -> None:
    assert opportune("deliveries", "retry", "--all", "--destination", "other").out == "0 will be sent again\n"
    assert opportune("deliveries", "retry", "--all", "--destination", "pacs").out == "2 will be sent again\n"
    assert _states(node) == [DeliveryState.PENDING] * len(refused)


def test_nothing_is_sent_again_unasked(refused: list[int]) -> None:
    neither = opportune("deliveries", "retry")
    both = opportune("deliveries", "retry", str(refused[0]), "--all")
    assert (neither.status, both.status) == (2, 2)
    assert "opportune deliveries list" in neither.words
    gone = opportune("deliveries", "retry", "99")
    assert gone.status == 1
    assert gone.words == "opportune: delivery 99 neither failed nor waits"
