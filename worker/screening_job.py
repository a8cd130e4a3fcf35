"""Works on a job, and on those that may go with it: claim, run in the child, store each in a transaction of its own.

Each job has its own claim, lease and end, whoever goes with it. When the child dies with several in it nobody knows
whose fault that was: those without an answer are run again, alone, in the same attempt. When the worker dies with it
each has lost an attempt, and a job that has lost one takes nobody along and goes with nobody: at most one attempt of a
job is lost to another's fault.
"""

import logging
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from db import jobs, reports, studies
from db.engine import transaction
from dicom_node.reports.request import Predecessor
from screening import failpoints
from screening.errors import SandboxDied
from screening.jobs import Claim, Job
from screening.reports import ObjectKind
from screening.stages import Stages
from screening.stopwatch import listening, stage
from screening.types import Eligible
from worker.finishing import attempt, finish
from worker.heartbeat import heartbeat
from worker.ports import Ports
from worker.request import ScreenRequest
from worker.sandbox.parent import Sandbox, batch_size
from worker.sandbox.protocol import Answer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A claimed job, ready for the child."""

    claim: Claim
    request: ScreenRequest
    stages: Stages  #: what it took to make the request
    lost: threading.Event  #: set when another worker took the job over

    def end(self, ports: Ports, answer: Answer) -> None:
        """Store the answer."""
        finish(ports, self.claim, answer._replace(stages=self.stages + answer.stages))


def screen(job_id: int, ports: Ports, sandbox: Sandbox, owner: str) -> None:
    """Do a job, unless somebody else does it or it is done; with it radiographs that wait for the same model."""
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
    with ExitStack() as leases:
        runs = _begun(ports, leases, [claim])
        if runs and not runs[0].request.is_volume:
            runs += _begun(ports, leases, _companions(ports, claim))
        volumes = [run for run in runs if run.request.is_volume]
        radiographs = [run for run in runs if not run.request.is_volume]
        if len(radiographs) > 1:
            radiographs = _run_together(ports, sandbox, radiographs)
        for run in (*radiographs, *volumes):
            with attempt(ports, run.claim):
                run.end(ports, sandbox.run(run.request, cancelled=run.lost))


def _companions(ports: Ports, claim: Claim) -> list[Claim]:
    """Claims on jobs that wait now and may go with this one; nobody is waited for."""
    worker = ports.settings.worker
    most = batch_size(worker) - 1
    if most < 1 or worker.maximum_attempts == 1:  # an attempt that a companion may cost would be a job's only one
        return []
    with transaction(ports.sessions) as session:
        found = jobs.claim_alike(
            session, claim, most=most, lease_seconds=worker.lease_seconds, maximum_attempts=worker.maximum_attempts
        )
    for one in found:
        _log.info("job %d: attempt %d, together with job %d", one.job.job_id, one.attempt, claim.job.job_id)
    return found


def _begun(ports: Ports, leases: ExitStack, claims: Sequence[Claim]) -> list[_Run]:
    """Each with its request and its heartbeat; those for which no request can be made have ended."""
    worker, runs = ports.settings.worker, []
    for claim in claims:
        renew = partial(jobs.renew, claim=claim, lease_seconds=worker.lease_seconds)
        lost = leases.enter_context(heartbeat(ports.sessions, worker.heartbeat_seconds, renew))
        with attempt(ports, claim):
            with listening() as watch, stage("request"), transaction(ports.sessions) as session:
                request = build_request(session, ports, claim)
            runs.append(_Run(claim=claim, request=request, stages=watch.stages, lost=lost))
    return runs


def _run_together(ports: Ports, sandbox: Sandbox, runs: Sequence[_Run]) -> list[_Run]:
    """Run them side by side and end each that has an answer; gives those that are to be run alone."""
    alone: list[_Run] = []
    answers = sandbox.run_together([run.request for run in runs], cancelled=[run.lost for run in runs])
    with closing(answers):
        for number, said in answers:
            run = runs[number]
            if isinstance(said, SandboxDied):
                alone.append(run)
                _log.warning("job %d: %s, with others; it is run alone", run.claim.job.job_id, said)
                continue
            with attempt(ports, run.claim):
                if isinstance(said, Exception):
                    raise said
                run.end(ports, said)
    return alone


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
