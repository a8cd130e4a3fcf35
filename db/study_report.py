"""Everything that the database knows of a study, as JSON, without the patient's identity."""

from typing import Any

from sqlalchemy.orm import Session

from db import deliveries, events, findings, jobs, selections, studies, timeline
from screening.jobs import Job


def describe_study(session: Session, study_instance_uid: str, *, quiet_seconds: float) -> dict[str, Any]:
    """Selections with reasons, jobs with history, outcome, timeline and deliveries.

    quiet_seconds: `node.quiet_seconds`.
    """
    study = studies.load(session, study_instance_uid)
    return {
        "study_instance_uid": study_instance_uid,
        "instances": len(study.instances),
        "conflict": studies.conflict(session, study_instance_uid),
        "selections": [
            {"model": row.model_name, "version": row.model_version, "kind": row.kind, "code": row.code,
             "reason": row.reason, "series_instance_uid": row.series_instance_uid,
             "sop_instance_uids": list(row.sop_instance_uids)}
            for row in selections.of_study(session, study_instance_uid)
        ],
        "jobs": [describe_job(session, job, quiet_seconds) for job in jobs.of_study(session, study_instance_uid)],
    }  # fmt: skip


def describe_job(session: Session, job: Job, quiet_seconds: float) -> dict[str, Any]:
    """A job's history, outcome, timeline and deliveries."""
    measured = findings.stages_of(session, job.job_id)
    return {
        "job_id": job.job_id,
        "model": job.model_name,
        "version": job.model_version,
        "state": str(job.state),
        "attempt": job.attempt,
        "reason": job.reason,
        "outcome": findings.of_job(session, job.job_id),
        "events": [
            {"at": event.at.isoformat(timespec="milliseconds"), "from": event.from_state, "to": event.to_state,
             "detail": event.detail}
            for event in events.of_job(session, job.job_id)
        ],
        "timeline": [
            {"stage": span.name, "destination": span.destination, "at": span.began.isoformat(timespec="milliseconds"),
             "seconds": round(span.seconds, 3)}
            for span in timeline.of_job(session, job.job_id, quiet_seconds=quiet_seconds)
        ],
        "stages": None if measured is None else dict(measured.seconds),
        "deliveries": [
            {"destination": item.destination, "kind": str(item.kind), "role": item.role, "state": str(item.state),
             "status": item.status, "detail": item.detail, "sop_instance_uid": item.sop_instance_uid}
            for item in deliveries.of_job(session, job.job_id)
        ],
    }  # fmt: skip
