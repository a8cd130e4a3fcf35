"""What the node asks of its database, as it asks it: each of the product's verbs with arguments that differ."""

import itertools
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.scale.size import Size
from db import (
    audit_messages,
    audit_search,
    context,
    deliveries,
    instances,
    jobs,
    retention,
    status,
    studies,
    tallies,
    transfers,
)
from db.audit_messages import Way
from db.engine import Sessions, database_now, transaction
from db.lasting import LastingConnection
from db.study_report import describe_study
from db.tables import DeliveryRow, InstanceRow, JobRow, StudyRow
from screening.findings import NotEvaluable
from screening.header import Header
from screening.jobs import Claim
from screening.reports import DeliveryState, ObjectKind, Report, ReportObject
from screening.settings import Settings
from screening.types import ClinicalContext, Eligible, Instance
from worker.monitoring import metrics
from worker.reconciler import Reconciler

QUIET_SECONDS = 60.0
SPOOL_DAYS = 180  # of the year's studies the older half was purged


@dataclass(frozen=True, kw_only=True, slots=True)
class Verb:
    """One thing that is asked again and again."""

    group: str
    name: str
    run: Callable[[], object]
    runs: int | None = None  #: if not as many as of the others


@dataclass
class Verbs:
    """Every verb, with what its arguments are drawn from."""

    sessions: Sessions
    size: Size
    reconciler: Reconciler
    seed: int = 0
    settings: Settings = field(default_factory=lambda: Settings(home=Path.cwd()))
    claims: list[Claim] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 (draws arguments)
        self._numbers = itertools.count(1)
        self._lasting = LastingConnection(self.sessions)
        with transaction(self.sessions, read_only=True) as s:
            self._ready = list(s.scalars(select(JobRow.id).where(JobRow.state == "ready").order_by(JobRow.id)))
            self._pending = list(
                s.scalars(
                    select(DeliveryRow.id)
                    .where(DeliveryRow.state == "pending")
                    .order_by(DeliveryRow.job_id)
                    .limit(5000)
                )
            )
            self._received = list(s.scalars(select(InstanceRow.id).where(InstanceRow.state == "received")))

    def __iter__(self) -> Iterator[Verb]:
        for group, name, run in (
            ("people", "status", lambda: self._read(status.counts)),
            ("people", "metrics", lambda: metrics.collect(self.settings, self.sessions)),
            ("people", "study show", self._study_show),
            ("people", "quarantine list", lambda: self._read(lambda s: jobs.quarantined(s, 1000))),
            ("people", "deliveries list", self._deliveries_list),
            ("people", "audit list", self._audit_list),
            ("listener", "register an instance", self._register),
            ("listener", "is it one of our own?", self._own),
            ("reconciler", "what waits to be indexed", lambda: self._read(instances.received)),
            ("reconciler", "index an instance", self._index),
            ("reconciler", "quiet studies", self._quiet),
            ("reconciler", "read a study for intake", self._intake),
            ("reconciler", "open a job", self._open),
            ("reconciler", "expire leases", self._expire),
            ("reconciler", "ring for jobs", self._ring),
            ("reconciler", "ring for deliveries", lambda: self._write(deliveries.due)),
            ("reconciler", "sent, not confirmed", lambda: self._read(lambda s: deliveries.to_commit(s, "pacs"))),
            ("reconciler", "confirmation overdue", self._overdue),
            ("reconciler", "associations to report", lambda: self._read(transfers.unreported)),
            ("reconciler", "are 1000 files known?", self._unknown),
            ("reconciler", "audit messages to send", self._audit_messages),
            ("reconciler", "fold tallies", lambda: self._write(tallies.fold)),
            ("worker", "claim a job", self._claim),
            ("worker", "renew a lease", self._renew),
            ("worker", "finish a job", self._finish),
            ("delivery", "take a delivery", self._take),
        ):
            yield Verb(group=group, name=name, run=run)
        yield Verb(group="people", name="purge: what has served", run=self._served, runs=10)
        yield Verb(group="reconciler", name="a whole round without news", run=self.reconciler.round)

    def _read(self, ask: Callable[[Session], object]) -> object:
        with transaction(self.sessions, read_only=True) as s:
            return ask(s)

    def _write(self, do: Callable[[Session], object]) -> object:
        with transaction(self.sessions) as s:
            return do(s)

    def _study(self) -> int:
        """Number of a study that was not purged."""
        return self._rng.randint(self.size.studies // 2 + 1, self.size.studies - 10)

    def _study_uid(self) -> str:
        with transaction(self.sessions, read_only=True) as s:
            return s.scalars(select(StudyRow.study_instance_uid).where(StudyRow.id == self._study())).one()

    def _study_show(self) -> object:
        accession_number = f"A{self._study()}"
        return self._read(
            lambda s: [describe_study(s, uid, quiet_seconds=QUIET_SECONDS) for uid in studies.find(s, accession_number)]
        )

    def _deliveries_list(self) -> object:
        return self._read(lambda s: deliveries.in_state(s, DeliveryState.FAILED, None, 1000))

    def _register(self) -> None:
        new: instances.NewInstance = {
            "association_id": None, "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
            "sop_instance_uid": f"2.25.{uuid.uuid4().int}", "transfer_syntax_uid": "1.2.840.10008.1.2.1",
            "spool_name": uuid.uuid4().hex, "size": 526336,
        }  # fmt: skip
        with self._lasting.transaction() as connection:
            instances.register_all(connection, [new])

    def _own(self) -> object:
        uid = f"2.25.{self._rng.getrandbits(120)}"
        return self._read(lambda s: instances.is_own_output(s, uid))

    def _index(self) -> object:
        number, study, row = next(self._numbers), self._study_uid(), self._received.pop()
        instance = Instance(
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2", sop_instance_uid=f"2.25.7.{self.seed}.{number}",
            series_instance_uid=f"{study}.2", study_instance_uid=study, transfer_syntax_uid="1.2.840.10008.1.2.1",
            digest="0" * 64, location="x", header=Header({"PatientID": "P", "Modality": "CT"}),
        )  # fmt: skip

        def do(s: Session) -> object:
            instances.kept_copy(s, instance.sop_instance_uid)
            return instances.index(s, row, instance)

        return self._write(do)

    def _quiet(self) -> object:
        def ask(s: Session) -> object:
            return studies.quiet(s, quiet_seconds=QUIET_SECONDS, now=database_now(s))

        return self._read(ask)

    def _intake(self) -> object:
        uid = self._study_uid()

        def ask(s: Session) -> object:
            study, patient = studies.load(s, uid), studies.patient_id(s, uid)
            return study, studies.conflict(s, uid), context.for_patient(s, *patient)

        return self._read(ask)

    def _open(self) -> object:
        study, number = self._study_uid(), next(self._numbers)
        chosen = Eligible(series_instance_uid=f"{study}.1", sop_instance_uids=(f"{study}.1.0",), reason="frontal")
        return self._write(
            lambda s: jobs.open_job(
                s, study_instance_uid=study, chosen=chosen, input_digest=f"{self.seed}-{number}",
                context=ClinicalContext(), model_name="cap_mortality_cxr", model_version="1.1.0",
                config_digest="0" * 64, queue="screen",
            )
        )  # fmt: skip

    def _expire(self) -> None:
        with transaction(self.sessions) as s:
            jobs.expire_leases(s, 3)
            deliveries.expire_leases(s)

    def _ring(self) -> None:
        with transaction(self.sessions) as s:
            queues = jobs.waiting_queues(s)
        for queue in queues:
            with transaction(self.sessions) as s:
                jobs.to_enqueue(s, queue, again_after_seconds=10 * 365 * 86400)

    def _overdue(self) -> object:
        return self._read(
            lambda s: deliveries.commitment_overdue(s, "pacs", database_now(s) - timedelta(seconds=600))
        )  # fmt: skip

    def _unknown(self) -> object:
        first = self._rng.randint(1, self.size.instances - 1000)
        query = select(InstanceRow.spool_name).where(InstanceRow.id.between(first, first + 999))
        with transaction(self.sessions, read_only=True) as s:
            return instances.unknown_spool_names(s, s.scalars(query).all())

    def _audit_list(self) -> object:
        return self._read(lambda s: audit_search.newest_of(s, audit_search.Wanted(), limit=100))

    def _audit_messages(self) -> object:
        def ask(s: Session) -> object:
            return [audit_messages.waiting(s, way) for way in Way], audit_messages.any_wait(s)

        return self._read(ask)

    def _claim(self) -> None:
        job_id = self._ready.pop()
        with transaction(self.sessions) as s:
            claim = jobs.claim(s, job_id, owner="scale", lease_seconds=3600, maximum_attempts=3)
        if claim is None:
            raise RuntimeError(f"job {job_id} is ready and cannot be claimed")
        self.claims.append(claim)

    def _renew(self) -> None:
        claim = self._rng.choice(self.claims)
        if not self._write(lambda s: jobs.renew(s, claim, 3600)):
            raise RuntimeError(f"the lease of job {claim.job.job_id} is lost")

    def _finish(self) -> None:
        claim, number = self.claims.pop(), next(self._numbers)
        card = ReportObject(
            kind=ObjectKind.SC, role="card", sop_class_uid="1.2.840.10008.5.1.4.1.1.7",
            sop_instance_uid=f"2.25.8.{self.seed}.{number}", series_instance_uid=f"2.25.8.{number}",
            encoded=bytes(128) + b"DICM" + bytes(500_000),
        )  # fmt: skip
        planned = [deliveries.PlannedDelivery(role="card", destination="pacs", held=False)]
        outcome = NotEvaluable(code="cut-off", reason="cut off")
        self._write(lambda s: jobs.finish(s, claim, outcome, Report(objects=(card,)), planned))

    def _take(self) -> object:
        delivery_id = self._pending.pop()

        def do(s: Session) -> object:
            deliveries.destination_of(s, delivery_id)
            return deliveries.claim_batch(s, delivery_id, owner="scale", lease_seconds=3600)

        return self._write(do)

    def _served(self) -> object:
        def ask(s: Session) -> object:
            return retention.served(s, before=database_now(s) - timedelta(days=SPOOL_DAYS), unconfirmed=())

        return self._read(ask)
