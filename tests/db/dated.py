"""Jobs whose every moment a test chooses."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db import jobs
from db.tables import DeliveryRow, JobEventRow, JobRow, ResultRow, StudyRow
from tests.db.factories import admit, claim, make_findings, make_instance, make_report, open_job, to


def dated_job(
    s: Session, number: int, *, came: datetime, opened: datetime, claims: Sequence[datetime] = (),
    stored: datetime | None = None, sent: Sequence[datetime | None] = (None, None), held: bool = False,
) -> int:  # fmt: skip
    """A job on a study of its own; the job's id. sent: of its two objects. Without `stored` it is not inferred."""
    study = f"1.2.3.{number}"
    admit(s, make_instance(f"{study}.1.1", study=study, series=f"{study}.1", AccessionNumber=f"A{number}"))
    job, _ = open_job(s, study=study, images=study)
    job_id = job.job_id
    if stored is not None:
        taken = claim(s, job_id)
        assert taken is not None
        jobs.finish(s, taken, make_findings(), make_report(number), to("pacs", held=held))
    s.execute(update(StudyRow).where(StudyRow.study_instance_uid == study).values(first_received_at=came))
    s.execute(update(JobRow).where(JobRow.id == job_id).values(created_at=opened))
    s.execute(update(ResultRow).where(ResultRow.job_id == job_id).values(created_at=stored or opened))
    s.query(JobEventRow).filter_by(job_id=job_id, to_state="claimed").delete()
    for attempt, at in enumerate(claims, start=1):
        s.add(JobEventRow(job_id=job_id, from_state="ready", to_state="claimed", at=at, attempt=attempt))
    objects = s.scalars(select(DeliveryRow).where(DeliveryRow.job_id == job_id).order_by(DeliveryRow.id)).all()
    for row, taken_at in zip(objects, sent, strict=False):
        row.created_at, row.sent_at = stored or opened, taken_at
    s.flush()
    s.expire_all()
    return job_id
