"""Screens a study because a user asks: the model's selection still decides, its `when` and indication do not."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from db import audit, context, selections, studies
from models import registry
from screening.jobs import Job
from screening.settings import Settings
from worker.intake import open_job, select


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of the question."""

    job: Job | None  #: None: refused
    opened: bool  #: False for a job that was there before
    reason: str


def screen_by_command(session: Session, settings: Settings, study_instance_uid: str, name: str, who: str) -> Answer:
    """Open a model's job on a study, or refuse with the reasons; either way a line of the audit trail.

    Whoever runs workers is told by the reconciler. A later image opens no revision by itself where intake would not
    open one: ask again.

    Raises
    ------
    KeyError
        If there is no such study.
    """
    answer = _answer(session, settings, study_instance_uid, name, who)
    if answer.job is None:
        said = f"refused: {answer.reason}"
    else:
        said = f"job {answer.job.job_id} {'opened' if answer.opened else 'was there before'}"
    audit.record(session, actor=who, action="screen", subject=f"study {study_instance_uid}", detail=f"{name}: {said}")
    return answer


def _answer(session: Session, settings: Settings, study_instance_uid: str, name: str, who: str) -> Answer:
    study = studies.load(session, study_instance_uid)
    enabled = {key: model for key, model in sorted(settings.models.items()) if model.enabled}
    if name not in enabled:
        reason = f"model {name} is not enabled; enabled: {', '.join(enabled) or 'none'}"
        return Answer(job=None, opened=False, reason=reason)
    selection, decision, reason = select(name, study, studies.conflict(session, study_instance_uid))
    if decision == "eligible":
        reason = f"asked for by {who}"
    version = registry.card(name, enabled[name]).version
    selections.record(session, study_instance_uid, name, version, selection, decision, reason)
    if selection.chosen is None:
        return Answer(job=None, opened=False, reason=reason)
    known = context.for_patient(session, *studies.patient_id(session, study_instance_uid))
    job, opened = open_job(session, study, name, enabled[name], selection.chosen, known=known)
    return Answer(job=job, opened=opened, reason=reason)
