"""How an attempt at a job ends: its result is stored in one transaction, or why there is none."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from db import audit, deliveries, jobs, studies
from db.deliveries import PlannedDelivery
from db.engine import transaction
from models import registry
from screening import failpoints
from screening.errors import ConfigurationChanged, DatabaseUnavailable, LeaseLost, Permanent, Retryable, WeightsMismatch
from screening.faults import describe
from screening.findings import NotEvaluable, Outcome
from screening.jobs import Claim
from screening.reports import Report
from screening.settings import Destination, Settings
from worker.log_format import about
from worker.ports import Ports
from worker.sandbox.protocol import Answer

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 5
"""First wait before a failed job is tried again; doubles with each attempt."""

_ANEW = "intake opens a new job; where a model runs by command only, ask again: opportune study screen"


@contextmanager
def attempt(ports: Ports, claim: Claim) -> Iterator[None]:
    """The block works on a job. What it raises ends this attempt, with a row that says why.

    Raises
    ------
    DatabaseUnavailable
        If nothing can be written: the lease runs out and the reconciler gives the job back.
    """
    with about(job=claim.job.job_id):
        try:
            yield
        except LeaseLost:
            _log.warning("job %d: another worker took over; attempt %d is dropped", claim.job.job_id, claim.attempt)
        except DatabaseUnavailable:
            raise
        except Retryable as exc:
            _fail(ports, claim, str(exc), retry=True)
        except ConfigurationChanged as exc:
            _fail(ports, claim, f"{exc}; {_ANEW}", retry=False, anew=True)
        except WeightsMismatch as exc:
            _fail(ports, claim, str(exc), retry=False)
            with transaction(ports.sessions) as session:
                subject = f"model {claim.job.model_name}"
                audit.record(session, actor=claim.owner, action="refuse weights", subject=subject, detail=str(exc))
        except Permanent as exc:
            _fail(ports, claim, str(exc), retry=False)
        except Exception as exc:  # noqa: BLE001 (named by type, since its text may hold patient data; attempts are capped)
            _fail(ports, claim, describe(exc), retry=True)


def finish(ports: Ports, claim: Claim, answer: Answer) -> None:
    """Store what came of a job, plan what is to be delivered, and ring for that.

    Raises
    ------
    LeaseLost
        If the claim does not hold any more; nothing is written.
    ConfigurationChanged
        If the model in force is not the one that the job was opened under.
    """
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
