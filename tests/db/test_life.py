"""One study's life through the verbs, from association to commitment."""

from datetime import timedelta

from db import audit, context, deliveries, events, findings, instances, jobs, reports, selections, studies
from db import status as status_verbs
from db.context import ContextItem
from db.engine import Sessions, database_now, transaction
from screening.codes import PNEUMONIA
from screening.jobs import JobState, input_digest
from screening.reports import DeliveryState
from screening.types import Eligible, Ineligible, Selection
from tests.db import factories


def test_a_study_goes_from_association_to_commitment(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        association = factories.open_association(
            s,
            calling_ae_title="CT1",
            called_ae_title="OPPORTUNE",
            address="127.0.0.1",
            rejected_contexts=[("1.2.840.10008.5.1.4.1.1.4", ["1.2.840.10008.1.2"])],
        )
        instance = factories.make_instance()
        factories.receive(s, instance.sop_instance_uid, association)
        waiting = instances.received(s)
        assert [row.sop_instance_uid for row in waiting] == [instance.sop_instance_uid]
        assert instances.index(s, waiting[0].instance_id, instance) == "indexed"
        now = database_now(s) + timedelta(seconds=61)
        assert studies.quiet(s, quiet_seconds=60, now=now) == []
        factories.close_association(s, association, "released")
        assert studies.quiet(s, quiet_seconds=60, now=now) == [factories.STUDY]
        study = studies.load(s, factories.STUDY)
        chosen = Eligible(
            series_instance_uid="1.2.3.1.1", sop_instance_uids=(instance.sop_instance_uid,), reason="frontal"
        )
        rejected = Ineligible(series_instance_uid="1.2.3.1.2", code="wrong-view", reason="lateral")
        selection = Selection(chosen=chosen, rejected=(rejected,))
        selections.record(s, factories.STUDY, "m", "1", selection, "run", "indicated")
        job, created = factories.open_job(s)
        assert created
        studies.intake_done(s, factories.STUDY, input_digest(study.instances))
        assert studies.quiet(s, quiet_seconds=60, now=now) == []
        context.import_items(s, [ContextItem(patient_id="P1", diagnosis=PNEUMONIA)])
        assert context.for_patient(s, *studies.patient_id(s, factories.STUDY)).diagnoses == (PNEUMONIA,)
    with transaction(sessions) as s:
        assert jobs.to_enqueue(s, "screen", again_after_seconds=60) == [job.job_id]
        claim = factories.claim(s, job.job_id)
        assert claim is not None
        assert jobs.renew(s, claim, 60)
    with transaction(sessions) as s:
        report = factories.make_report()
        jobs.finish(s, claim, factories.make_findings(), report, factories.to("pacs"))
    with transaction(sessions) as s:
        assert jobs.get(s, job.job_id).state is JobState.INFERRED
        assert reports.objects_of(s, job.job_id) == report.objects
        outcome = findings.of_job(s, job.job_id)
        assert outcome is not None
        assert outcome["groups"][0]["measurements"][0]["value"] == 12.5
        (first,) = deliveries.due(s)
        batch = deliveries.claim_batch(s, first, owner="sender:1", lease_seconds=60)
        assert batch is not None
        for item in batch.deliveries:
            result = factories.answer(item.object)
            deliveries.record(s, item.delivery_id, owner="sender:1", result=result, retry_at=None)
        sent = deliveries.to_commit(s, "pacs")
        deliveries.commitment_requested(s, "2.25.99", [item.delivery_id for item in sent])
        assert deliveries.commitment_reported(s, "2.25.99", [item.sop_instance_uid for item in report.objects], [])
        assert {row.state for row in deliveries.of_job(s, job.job_id)} == {DeliveryState.COMMITTED}
        arrows = [(event.from_state, event.to_state) for event in events.of_job(s, job.job_id)]
        assert arrows[:3] == [(None, "ready"), ("ready", "claimed"), ("claimed", "inferred")]
        audit.record(s, actor="test", action="look", subject=factories.STUDY, detail="")
    with transaction(sessions, read_only=True) as s:
        counts = status_verbs.counts(s)
    assert counts["jobs"]["inferred"] == 1
    assert counts["deliveries"]["pacs"]["committed"] == 2
    assert counts["instances"]["indexed"] == 1
    assert counts["ineligible_by_code"] == {"wrong-view": 1}
    assert counts["refused_contexts_by_sop_class"] == {"1.2.840.10008.5.1.4.1.1.4": 1}
