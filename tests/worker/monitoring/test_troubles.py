"""What somebody should be told of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from db import conditions, jobs
from db.engine import database_now, transaction
from db.node_tables import ConditionRow
from db.tables import DeliveryRow
from screening.settings import Node
from tests.acceptance.canaries import CANARY
from tests.db import factories
from tests.worker.ports import pacs
from worker.monitoring.troubles import Trouble, present
from worker.ports import Ports


@pytest.fixture
def node(ports: Ports) -> Ports:
    return replace(ports, settings=ports.settings.model_copy(update={"destinations": (pacs(104),)}))


def test_nothing_is_wrong_with_a_node_that_works(node: Ports) -> None:
    with transaction(node.sessions) as s:
        factories.finished(s)
    assert present(node) == []


def test_quarantine_and_refusals_are_counted_and_name_nobody(node: Ports) -> None:
    with transaction(node.sessions) as s:
        factories.admit(s, factories.make_instance(PatientID=CANARY, PatientName=CANARY, AccessionNumber=CANARY))
        factories.finished(s)
        for row in s.query(DeliveryRow):
            row.state, row.detail = "failed", CANARY
        for images in ("a", "b"):
            taken = factories.claim(s, factories.open_job(s, images=images)[0].job_id)
            assert taken is not None
            jobs.fail(s, taken, reason=CANARY, retry_at=None)
    assert present(node) == [
        Trouble(key="quarantine", text="jobs in quarantine: 2", number=2),
        Trouble(key="refused by pacs", text="objects that destination pacs refused for good: 2", number=2),
    ]


def test_a_destination_counts_after_its_time(node: Ports) -> None:
    with transaction(node.sessions) as s:
        factories.finished(s)
        conditions.failed(s, conditions.destination("pacs"), CANARY)
    assert present(node) == []
    with transaction(node.sessions) as s:
        row = s.query(ConditionRow).one()
        row.since = database_now(s) - timedelta(minutes=16)
    (found,) = present(node)
    assert found.key == "destination pacs"
    assert found.text.startswith("destination pacs does not answer since ")
    assert found.text.endswith("UTC; 2 objects wait")


def test_a_spool_that_failed_and_a_disk_that_is_full(node: Ports) -> None:
    full = replace(node, settings=node.settings.model_copy(update={"node": Node(minimum_free_mb=2**40)}))
    (disk,) = present(full)
    assert (disk.key, "MB free: no object is taken" in disk.text) == ("disk", True)
    with transaction(node.sessions) as s:
        conditions.failed(s, conditions.SPOOL, "fsync failed")
    (spool,) = present(full)
    assert spool.key == "spool"
