"""Receptions: registered, indexed once, duplicates and conflicts told apart."""

import threading
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from db import deliveries, instances, jobs, status, studies
from db.engine import Sessions, transaction
from db.tables import InstanceRow, RefusalRow, StudyRow
from screening.jobs import input_digest
from screening.types import Instance
from tests.db import factories


def _row(sessions: Sessions, instance_id: int) -> InstanceRow:
    with transaction(sessions) as s:
        return s.get_one(InstanceRow, instance_id)


def test_a_reception_waits_oldest_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        ids = [factories.receive(s, f"1.2.{n}") for n in range(3)]
        waiting = instances.received(s)
        assert [row.instance_id for row in waiting] == ids
        assert waiting[0].size == 100
        assert waiting[0].transfer_syntax_uid == factories.EXPLICIT
        assert [row.instance_id for row in instances.received(s, limit=1)] == ids[:1]
        assert instances.unknown_spool_names(s, ["other", *(row.spool_name for row in waiting)]) == {"other"}


def test_a_spool_name_is_registered_once(sessions: Sessions) -> None:
    values: dict[str, Any] = {
        "association_id": None,
        "sop_class_uid": "1.2",
        "sop_instance_uid": "1.3",
        "transfer_syntax_uid": "1.4",
    }
    with transaction(sessions) as s:
        instances.register(s, **values, spool_name="ab/cd", size=1)
    with pytest.raises(IntegrityError), transaction(sessions) as s:
        instances.register(s, **values, spool_name="ab/cd", size=1)


def test_receptions_are_registered_together_or_not_at_all(sessions: Sessions) -> None:
    one: instances.NewInstance = {
        "association_id": None,
        "sop_class_uid": "1.2",
        "sop_instance_uid": "1.3",
        "transfer_syntax_uid": "1.4",
        "spool_name": "one",
        "size": 1,
    }
    two: instances.NewInstance = {**one, "spool_name": "two", "size": 2}
    with transaction(sessions) as s:
        instances.register_all(s.connection(), [one, two])
        assert [(row.spool_name, row.size) for row in instances.received(s)] == [("one", 1), ("two", 2)]
    with pytest.raises(IntegrityError), transaction(sessions) as s:
        instances.register_all(s.connection(), [{**one, "spool_name": "three"}, two])
    with transaction(sessions) as s:
        assert instances.unknown_spool_names(s, ["one", "two", "three"]) == {"three"}


@pytest.mark.parametrize("indexed", [False, True])
def test_what_is_withdrawn_may_come_again(indexed: bool, sessions: Sessions) -> None:
    with transaction(sessions) as s:
        first = factories.receive(s)
        if indexed:
            instances.index(s, first, factories.make_instance())
        instances.withdraw(s, s.get_one(InstanceRow, first).spool_name, "fsync failed")
        assert factories.admit(s) == "indexed"
        (kept,) = studies.load(s, factories.STUDY).instances
    row = _row(sessions, first)
    assert (row.state, row.code) == ("unreadable", "not-durable")
    assert row.reason == "fsync failed"
    assert kept.digest == factories.make_instance().digest


def test_what_was_never_registered_is_withdrawn_in_silence(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        instances.withdraw(s, "no such file", "fsync failed")


def test_a_refusal_keeps_its_status_and_reason(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        instances.refuse(
            s, association_id=None, sop_class_uid="1.2", sop_instance_uid="1.3", status=0xA700, reason="disk full"
        )
        row = s.scalars(select(RefusalRow)).one()
        assert (row.status, row.reason) == (0xA700, "disk full")
        assert status.counts(s)["refused_by_status"] == {"0xA700": 1}


def test_the_same_bytes_again_are_a_duplicate(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert factories.admit(s) == "indexed"
        assert factories.admit(s) == "duplicate"
        assert len(studies.load(s, factories.STUDY).instances) == 1


def test_other_bytes_under_the_same_uid_are_a_conflict_and_the_first_stays(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        first = factories.receive(s)
        instances.index(s, first, factories.make_instance(content="one"))
        second = factories.receive(s)
        assert instances.index(s, second, factories.make_instance(content="two")) == "conflict"
        (kept,) = studies.load(s, factories.STUDY).instances
        assert kept.digest == factories.digest_of("one")
        assert studies.conflict(s, factories.STUDY) is None
    row = _row(sessions, second)
    assert row.code == "other-bytes"
    assert str(first) in (row.reason or "")


@pytest.mark.parametrize("other", [{"PatientID": "P2"}, {"IssuerOfPatientID": "B"}, {"PatientID": ""}])
def test_another_patient_under_the_study_is_a_conflict_of_both(sessions: Sessions, other: dict[str, str]) -> None:
    with transaction(sessions) as s:
        assert factories.admit(s, factories.make_instance("1.2.3.1.1.1", IssuerOfPatientID="A")) == "indexed"
        values = {"IssuerOfPatientID": "A"} | other
        assert factories.admit(s, factories.make_instance("1.2.3.1.1.2", **values)) == "conflict"
        said = studies.conflict(s, factories.STUDY)
        assert said is not None
        assert "P1" not in said
        assert "P2" not in said
        assert len(studies.load(s, factories.STUDY).instances) == 1
        assert studies.patient_id(s, factories.STUDY) == ("P1", "A")


def test_a_conflict_after_intake_makes_the_study_due_again(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        digest = input_digest(studies.load(s, factories.STUDY).instances)
        studies.intake_done(s, factories.STUDY, digest)
        factories.admit(s, factories.make_instance("1.2.3.1.1.2", PatientID="P2"))
        assert s.scalars(select(StudyRow)).one().intake_due


def test_a_reception_is_settled_once(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        key = factories.receive(s)
        instances.unreadable(s, key, "no-uid", "SOPInstanceUID is missing")
        instances.own_output(s, key, "too late")
        assert instances.index(s, key, factories.make_instance()) == "unreadable"
        assert instances.received(s) == []
    row = _row(sessions, key)
    assert (row.state, row.code, row.reason) == ("unreadable", "no-uid", "SOPInstanceUID is missing")


def test_the_data_set_says_which_instance_it_is(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        key = factories.receive(s, "1.2.999")
        instances.index(s, key, factories.make_instance("1.2.3.1.1.1"))
        assert studies.load(s, factories.STUDY).instances[0].sop_instance_uid == "1.2.3.1.1.1"


def test_hostile_header_values_are_stored(sessions: Sessions) -> None:
    hostile: dict[str, Any] = {
        "PatientID": "P\x00'; DROP TABLE studies --",
        "AccessionNumber": "A" * 65536,
        "PatientName": "\x1b[31m<script>\r\n\ud800" + "x" * 65536,
        "InstanceNumber": "99999999999999999999",
        "SeriesNumber": "nan",
        "PixelSpacing": [float("nan"), 0.1],
    }
    with transaction(sessions) as s:
        assert factories.admit(s, factories.make_instance("1.2.3.1.1.1", **hostile)) == "indexed"
        assert factories.admit(s, factories.make_instance("1.2.3.1.1.2", **hostile)) == "indexed"
        assert len(studies.load(s, factories.STUDY).instances) == 2
        assert studies.find(s, "A" * 65536) == [factories.STUDY]


def test_our_own_output_is_known_by_its_uid_and_by_the_uid_it_was_sent_under(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.finished(s)
        (first,) = deliveries.due(s)
        batch = deliveries.claim_batch(s, first, owner="s", lease_seconds=60)
        assert batch is not None
        item = batch.deliveries[1]
        sent = factories.answer(item.object)
        fallback = type(sent)(
            status=0, detail="", sop_class_uid="1.2.840.10008.5.1.4.1.1.88.33", sop_instance_uid="2.25.77"
        )
        deliveries.record(s, item.delivery_id, owner="s", result=fallback, retry_at=None)
        assert instances.is_own_output(s, item.object.sop_instance_uid)
        assert instances.is_own_output(s, "2.25.77")
        assert not instances.is_own_output(s, "1.2.3.1.1.1")
        assert jobs.of_study(s, factories.STUDY)


@pytest.mark.parametrize("study_per_thread", [False, True])
def test_the_same_instance_indexed_by_several_at_once_is_indexed_once(
    sessions: Sessions, study_per_thread: bool
) -> None:
    """Also when it comes under different studies, whose rows do not serialise the two."""
    count = 6
    with transaction(sessions) as s:
        keys = [factories.receive(s) for _ in range(count)]
    barrier, states = threading.Barrier(count), []

    def index(key: int, instance: Instance) -> None:
        barrier.wait()
        with transaction(sessions) as s:
            states.append(instances.index(s, key, instance))

    threads = []
    for number, key in enumerate(keys):
        study = f"1.2.3.{number}" if study_per_thread else factories.STUDY
        instance = factories.make_instance("1.2.3.1.1.1", study=study)
        threads.append(threading.Thread(target=index, args=(key, instance)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(states) == ["duplicate"] * (count - 1) + ["indexed"]
