"""Status: the numbers."""

import json
from datetime import timedelta

from db import associations, instances, jobs, status
from db.engine import Sessions, database_now, transaction
from db.tables import JobRow
from tests.db import factories


def test_an_empty_node_counts_nothing(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        counts = status.counts(s)
    assert counts["instances"] == {
        "received": 0, "indexed": 0, "unreadable": 0, "duplicate": 0, "conflict": 0, "own_output": 0, "purged": 0,
    }  # fmt: skip
    assert counts["jobs"]["ready"] == 0
    assert counts["deliveries"] == {}
    assert counts["studies"] == 0
    assert counts["oldest_waiting_job_seconds"] is None


def test_everything_is_counted_where_it_is(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        caller = {"calling_ae_title": "CT1", "called_ae_title": "OPPORTUNE", "address": "10.1.2.3"}
        contexts = [("1.2.840.10008.5.1.4.1.1.4", ["1.2"]), ("1.2.840.10008.5.1.4.1.1.4", ["1.3"])]
        factories.open_association(s, **caller, rejected_contexts=contexts)
        associations.refuse_association(s, **caller, reason="wrong address")
        factories.finished(s, ("pacs", "research"))
        factories.admit(s)
        factories.admit(s, factories.make_instance(content="other"))
        factories.admit(s, factories.make_instance("1.2.3.1.1.2", PatientID="P2"))
        factories.receive(s)
        instances.unreadable(s, factories.receive(s), "no-uid", "missing")
        instances.own_output(s, factories.receive(s), "ours")
        for code in (0xA700, 0xA700, 0xC000):
            instances.refuse(
                s, association_id=None, sop_class_uid="1.2", sop_instance_uid="1.3", status=code, reason="x"
            )
        failed = factories.claim(s, factories.open_job(s, images="other")[0].job_id)
        assert failed is not None
        jobs.fail(s, failed, reason="x", retry_at=None)
        old = factories.open_job(s, images="third")[0].job_id
        s.get_one(JobRow, old).created_at = database_now(s) - timedelta(seconds=1000)
        counts = json.loads(json.dumps(status.counts(s)))
    assert counts["instances"] == {
        "received": 1, "indexed": 1, "unreadable": 1, "duplicate": 1, "conflict": 2, "own_output": 1, "purged": 0,
    }  # fmt: skip
    assert counts["refused_by_status"] == {"0xA700": 2, "0xC000": 1}
    assert counts["refused_contexts_by_sop_class"] == {"1.2.840.10008.5.1.4.1.1.4": 2}
    assert counts["associations"] == {"open": 1, "refused": 1}
    assert (counts["studies"], counts["studies_in_conflict"]) == (1, 1)
    assert {state: n for state, n in counts["jobs"].items() if n} == {"ready": 1, "inferred": 1, "quarantined": 1}
    assert {name: states["pending"] for name, states in counts["deliveries"].items()} == {"pacs": 2, "research": 2}
    assert 1000 <= counts["oldest_waiting_job_seconds"] < 1060
