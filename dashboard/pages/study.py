"""One study: what came, what was decided and why, what was found, and where it went. Each view is audited."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from dashboard.ask import Ask, NotFound, go_to, page
from dashboard.gantt import Bar, bars
from db import audit, deliveries, events, findings, jobs, selections, studies, study_list, timeline
from db.delivery_status import DeliveryStatus
from db.engine import transaction
from db.report_list import ObjectLine, objects_of
from db.selections import Recorded
from db.study_list import SeriesLine
from screening.jobs import Job, JobState
from screening.reports import DeliveryState, ObjectKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """Who is examined, for those who may know."""

    name: str
    patient_id: str
    birth_date: str
    sex: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobPart:
    """All of one job."""

    job: Job
    outcome: dict[str, Any] | None
    bars: list[Bar]
    objects: list[ObjectLine]
    deliveries: list[DeliveryStatus]
    history: list[events.JobEvent]

    @property
    def pictures(self) -> list[ObjectLine]:
        """The Secondary Captures."""
        return [item for item in self.objects if item.kind == ObjectKind.SC]


def show(ask: Ask) -> Response:
    """The page. That it was looked at is written down before it is shown."""
    study_id = ask.values["study_id"]
    with transaction(ask.parts.sessions, read_only=True) as s:
        values = _values(ask, s, study_id)
    with transaction(ask.parts.sessions) as s:
        detail = "with the patient's name" if ask.sees_names else "without names"
        line = audit.record(s, actor=ask.user.name, action="view", subject=f"study {values['uid']}", detail=detail)
    return page(ask, "study.html", study_id=study_id, line=line, **values)


def retry(ask: Ask) -> Response:
    """Try the study's quarantined jobs and failed deliveries again."""
    study_id, who = ask.values["study_id"], ask.user.name
    with transaction(ask.parts.sessions) as s:
        for job in jobs.of_study(s, uid_of(s, study_id)):
            if job.state is JobState.QUARANTINED:
                jobs.retry(s, job.job_id, who)
            for item in deliveries.of_job(s, job.job_id):
                if item.state is DeliveryState.FAILED:
                    deliveries.retry(s, item.delivery_id, who)
    return go_to(f"/studies/{study_id}")


def uid_of(s: Session, study_id: int) -> str:
    """The Study Instance UID of a number in an address. Raises NotFound when there is none."""
    try:
        return study_list.uid_of(s, study_id)
    except KeyError:
        raise NotFound("there is no such study") from None


def _values(ask: Ask, s: Session, study_id: int) -> dict[str, Any]:
    uid = uid_of(s, study_id)
    lines, decided = study_list.series_of(s, uid), selections.of_study(s, uid)
    parts = [_part(s, job, ask.parts.settings.node.quiet_seconds) for job in jobs.of_study(s, uid)]
    header = lines[0].header if lines else None
    return {
        "uid": uid,
        "accession": "" if header is None else header.text("AccessionNumber"),
        "description": "" if header is None else header.text("StudyDescription"),
        "study_date": "" if header is None else header.text("StudyDate"),
        "conflict": studies.conflict(s, uid),
        "patient": _patient(lines) if ask.sees_names else None,
        "series": lines,
        "verdicts": _verdicts(lines, decided),
        "decisions": [row for row in decided if row.kind == "decision"],
        "work": sorted(parts, key=lambda part: (part.job.state is JobState.SUPERSEDED, -part.job.job_id)),
        "to_retry": any(
            part.job.state is JobState.QUARANTINED
            or any(item.state is DeliveryState.FAILED for item in part.deliveries)
            for part in parts
        ),
    }


def _part(s: Session, job: Job, quiet_seconds: float) -> JobPart:
    return JobPart(
        job=job,
        outcome=findings.of_job(s, job.job_id),
        bars=bars(timeline.of_job(s, job.job_id, quiet_seconds=quiet_seconds)),
        objects=objects_of(s, job.job_id),
        deliveries=deliveries.of_job(s, job.job_id),
        history=events.of_job(s, job.job_id),
    )


def _patient(lines: list[SeriesLine]) -> Patient | None:
    if not lines:
        return None
    header = lines[0].header
    return Patient(
        name=header.text("PatientName").replace("^", " ").strip(),
        patient_id=header.text("PatientID"),
        birth_date=header.text("PatientBirthDate"),
        sex=header.text("PatientSex"),
    )


def _verdicts(lines: list[SeriesLine], decided: list[Recorded]) -> dict[str, list[Recorded]]:
    """What each model said of each series: of one that was rejected image by image, each reason once."""
    found: dict[str, list[Recorded]] = {line.series_instance_uid: [] for line in lines}
    for row in decided:
        said = found.get(row.series_instance_uid or "")
        if said is None or any((row.model_name, row.kind, row.code) == (x.model_name, x.kind, x.code) for x in said):
            continue
        said.append(row)
    return found
