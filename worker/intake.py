"""Decides, once a study is quiet, which models look at it, and writes down why the others do not."""

import logging

from sqlalchemy.orm import Session

from db import context, jobs, selections, studies
from db.engine import transaction
from models import decision, registry
from models.decision import Decision
from screening.errors import DatabaseUnavailable, ScreeningError
from screening.faults import describe
from screening.jobs import Job, input_digest
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Eligible, Study
from worker.ports import Ports

_log = logging.getLogger(__name__)


def intake_quiet(ports: Ports) -> list[tuple[int, str]]:
    """Take in every study that is quiet. One that fails is logged, stays due and stops no other.

    Returns
    -------
    list of (job_id, queue)
        The jobs opened.

    Raises
    ------
    DatabaseUnavailable
        If the database does not answer.
    """
    with transaction(ports.sessions) as session:
        waiting = studies.quiet(session, quiet_seconds=ports.settings.node.quiet_seconds, now=ports.clock())
    opened: list[tuple[int, str]] = []
    for study_instance_uid in waiting:
        try:
            with transaction(ports.sessions) as session:
                opened += take_in(session, ports, study_instance_uid)
        except DatabaseUnavailable:
            raise
        except ScreeningError as exc:
            _log.error("study %s could not be taken in: %s", study_instance_uid, exc)
        except Exception as exc:  # noqa: BLE001 (one study must not stop the others; it stays due)
            _log.error("study %s could not be taken in: %s", study_instance_uid, describe(exc))
    return opened


def take_in(session: Session, ports: Ports, study_instance_uid: str) -> list[tuple[int, str]]:
    """Run every enabled model's selection over a study and open its jobs, in the caller's transaction."""
    study = studies.load(session, study_instance_uid)
    conflict = studies.conflict(session, study_instance_uid)
    known = context.for_patient(session, *studies.patient_id(session, study_instance_uid))
    opened: list[tuple[int, str]] = []
    for name, settings in sorted(ports.settings.models.items()):
        if not settings.enabled:
            continue
        found = decision.narrow(name, settings, study, known, select(name, study, conflict))
        version = registry.card(name, settings).version
        selections.record(session, study_instance_uid, name, version, *found)
        if found.decision == "eligible" and found.selection.chosen is not None:
            job, created = open_job(session, study, name, settings, found.selection.chosen, known=known)
            opened += [(job.job_id, settings.queue)] if created else []
    studies.intake_done(session, study_instance_uid, input_digest(study.instances, known))
    return opened


def open_job(
    session: Session, study: Study, name: str, settings: ModelSettings, chosen: Eligible, *, known: ClinicalContext
) -> tuple[Job, bool]:
    """The job of a model on its chosen series, and whether it is new.

    A revision if there was one on other images, or with another clinical context as far as the model is told of it.
    """
    wanted, told = set(chosen.sop_instance_uids), registry.relevant(name, known)
    before = jobs.newest_for(session, study.study_instance_uid, name)
    return jobs.open_job(
        session,
        study_instance_uid=study.study_instance_uid,
        chosen=chosen,
        input_digest=input_digest((i for i in study.instances if i.sop_instance_uid in wanted), told),
        context=told,
        model_name=name,
        model_version=registry.card(name, settings).version,
        config_digest=registry.config_digest(name, settings),
        queue=settings.queue,
        predecessor_id=None if before is None else before.job_id,
    )


def select(name: str, study: Study, conflict: str | None) -> Decision:
    """As `models.decision.select`; "conflict" for a study that contradicts itself or is no longer whole."""
    if conflict is None:
        return decision.select(name, study)
    code = "images-removed" if conflict == studies.REMOVED else "patient-conflict"
    return Decision(decision.reject_all(study, code, conflict), "conflict", conflict)
