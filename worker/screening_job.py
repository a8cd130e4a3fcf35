"""Works on one job: claim, run in the child, store everything in one transaction."""

import logging
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from db import audit, deliveries, jobs, reports, studies
from db.deliveries import PlannedDelivery
from db.engine import transaction
from dicom_node.reports.request import Predecessor
from models import registry
from screening import failpoints
from screening.errors import ConfigurationChanged, DatabaseUnavailable, LeaseLost, Permanent, Retryable, WeightsMismatch
from screening.findings import NotEvaluable, Outcome
from screening.jobs import Claim, Job
from screening.reports import ObjectKind, Report
from screening.settings import Destination, Settings
from screening.stopwatch import listening, stage
from screening.types import Eligible
from worker.faults import describe
from worker.heartbeat import heartbeat
from worker.ports import Ports
from worker.request import ScreenRequest
from worker.sandbox.parent import Sandbox
from worker.sandbox.protocol import Answer

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 5
"""First wait before a failed job is tried again; doubles with each attempt."""

_ANEW = "intake opens a new job; where a model runs by command only, ask again: opportune study screen"


def screen(job_id: int, ports: Ports, sandbox: Sandbox, owner: str) -> None:
    """Do a job, unless somebody else does it or it is done."""
    worker = ports.settings.worker
    with transaction(ports.sessions) as session:
        claim = jobs.claim(
            session,
            job_id,
            owner=owner,
            lease_seconds=worker.lease_seconds,
            maximum_attempts=worker.maximum_attempts,
        )
    if claim is None:
        return
    _log.info("job %d: attempt %d", job_id, claim.attempt)
    failpoints.hit("worker.after-claim")
    try:
        with listening() as watch, stage("request"), transaction(ports.sessions) as session:
            request = build_request(session, ports, claim)
        renew = partial(jobs.renew, claim=claim, lease_seconds=worker.lease_seconds)
        with heartbeat(ports.sessions, worker.heartbeat_seconds, renew) as lost:
            answer = sandbox.run(request, cancelled=lost)
        _finish(ports, claim, answer._replace(stages=watch.stages + answer.stages))
    except LeaseLost:
        _log.warning("job %d: another worker took over; attempt %d is dropped", job_id, claim.attempt)
    except DatabaseUnavailable:
        raise  # the lease runs out and the reconciler gives the job back
    except Retryable as exc:
        _fail(ports, claim, str(exc), retry=True)
    except ConfigurationChanged as exc:
        _fail(ports, claim, f"{exc}; {_ANEW}", retry=False, anew=True)
    except WeightsMismatch as exc:
        _fail(ports, claim, str(exc), retry=False)
        with transaction(ports.sessions) as session:
            subject = f"model {claim.job.model_name}"
            audit.record(session, actor=owner, action="refuse weights", subject=subject, detail=str(exc))
    except Permanent as exc:
        _fail(ports, claim, str(exc), retry=False)
    except Exception as exc:  # noqa: BLE001 (named by type, since its text may hold patient data; attempts are capped)
        _fail(ports, claim, describe(exc), retry=True)


def build_request(session: Session, ports: Ports, claim: Claim) -> ScreenRequest:
    """What the child is told about a job."""
    job = claim.job
    wanted = set(job.sop_instance_uids)
    study = studies.load(session, job.study_instance_uid)
    chosen = tuple(instance for instance in study.instances if instance.sop_instance_uid in wanted)
    settings = ports.settings.of_model(job.model_name)
    return ScreenRequest(
        model_name=job.model_name,
        thresholds=settings.thresholds,
        bundle=settings.bundle,
        device=ports.settings.worker.runs_on,
        threads=ports.settings.worker.threads,
        instances=chosen,
        paths=tuple(ports.spool.path(instance.location) for instance in chosen),
        chosen=Eligible(
            series_instance_uid=job.series_instance_uid, sop_instance_uids=job.sop_instance_uids, reason="selected"
        ),
        context=job.context,  # as it was when the job was opened: its digest, and so every UID, speaks of it
        input_digest=job.input_digest,
        config_digest=job.config_digest,
        inferred_at=ports.clock().astimezone(),  # the site's own time: it is printed on the card
        predecessors=tuple(
            before for kind in (ObjectKind.SR, ObjectKind.TEXT_SR) if (before := _predecessor(session, job, kind))
        ),
        forms=ports.settings.forms,
        engine=ports.settings.worker.engine,
        engine_cache=ports.settings.engine_cache,
        half_precision=ports.settings.worker.half_precision,
        signatures=ports.settings.signatures,
    )


def plan(settings: Settings, model_name: str, outcome: Outcome, report: Report) -> list[PlannedDelivery]:
    """Which object goes where; held where the destination does not accept the model's evidence level."""
    evidence = registry.card(model_name, settings.of_model(model_name)).evidence
    return [
        PlannedDelivery(role=item.role, destination=destination.name, held=evidence not in destination.accept_evidence)
        for destination in settings.destinations
        if _wants(destination, outcome)
        for item in report.objects
        if item.kind in destination.objects
    ]


def _wants(destination: Destination, outcome: Outcome) -> bool:
    return destination.not_evaluable or not isinstance(outcome, NotEvaluable)


def _predecessor(session: Session, job: Job, kind: ObjectKind) -> Predecessor | None:
    """The document that this job's replaces: of the job it revises or, if that one had none, of an earlier."""
    before, earlier = None, job.predecessor_id
    while before is None and earlier is not None:
        before = next((o for o in reports.objects_of(session, earlier) if o.kind == kind), None)
        earlier = jobs.get(session, earlier).predecessor_id
    if before is None:
        return None
    return Predecessor(
        study_instance_uid=job.study_instance_uid,
        sop_class_uid=before.sop_class_uid,
        sop_instance_uid=before.sop_instance_uid,
        series_instance_uid=before.series_instance_uid,
    )


def _finish(ports: Ports, claim: Claim, answer: Answer) -> None:
    job, outcome, report = claim.job, answer.outcome, answer.report
    # what is held back hangs on the card: it must still be the one that the child worked under
    registry.require_config(job.model_name, job.config_digest, ports.settings.of_model(job.model_name))
    with transaction(ports.sessions) as session:
        planned = plan(ports.settings, job.model_name, outcome, report)
        jobs.finish(session, claim, outcome, report, planned, stages=answer.stages)
        failpoints.hit("worker.before-commit")
    failpoints.hit("worker.after-commit")
    became = outcome.code if isinstance(outcome, NotEvaluable) else "findings stored"
    _log.info("job %d: %s, by %s", job.job_id, became, report.engine or "an unknown engine")
    with transaction(ports.sessions) as session:
        waiting = deliveries.due(session)
    for delivery_id in waiting:
        ports.bell.deliver(delivery_id)
    failpoints.hit("worker.after-publish")


def _fail(ports: Ports, claim: Claim, reason: str, *, retry: bool, anew: bool = False) -> None:
    """anew: the study is looked at again, as if an image had come."""
    _log.warning("job %d: attempt %d failed: %s", claim.job.job_id, claim.attempt, reason)
    wait = timedelta(seconds=_RETRY_SECONDS * 2 ** (claim.attempt - 1))
    try:
        with transaction(ports.sessions) as session:
            jobs.fail(session, claim, reason=reason, retry_at=ports.clock() + wait if retry else None)
            if anew:
                studies.take_in_again(session, claim.job.study_instance_uid)
    except LeaseLost:
        _log.warning("job %d: another worker took over; attempt %d is dropped", claim.job.job_id, claim.attempt)
