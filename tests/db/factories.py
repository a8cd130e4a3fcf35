"""Values with defaults: a test states only what matters to it."""

import hashlib
import itertools
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from db import associations, instances, jobs
from db.deliveries import PlannedDelivery
from screening.codes import PERCENT, RISK_HIGH, RISK_STRATUM, CodedName
from screening.findings import Findings, Measurement, MeasurementGroup, Qualitative, rectangle
from screening.header import Header
from screening.jobs import Claim, Job
from screening.reports import ObjectKind, Report, ReportObject, SendResult
from screening.types import ClinicalContext, Eligible, Instance

CR = "1.2.840.10008.5.1.4.1.1.1"
SC = "1.2.840.10008.5.1.4.1.1.7"
SR = "1.2.840.10008.5.1.4.1.1.88.34"
EXPLICIT = "1.2.840.10008.1.2.1"
STUDY = "1.2.3.1"
MORTALITY = CodedName(value="MORT30", scheme="99OPPORTUNE", meaning="30-day mortality")

_numbers = itertools.count(1)


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def make_instance(
    uid: str = "1.2.3.1.1.1",
    *,
    study: str = STUDY,
    series: str = "1.2.3.1.1",
    content: str | None = None,
    **header: Any,
) -> Instance:
    values = {"PatientID": "P1", "AccessionNumber": "A1", "Modality": "DX"} | header
    return Instance(
        sop_class_uid=CR,
        sop_instance_uid=uid,
        series_instance_uid=series,
        study_instance_uid=study,
        transfer_syntax_uid=EXPLICIT,
        digest=digest_of(content or uid),
        location="spool",
        header=Header(values),
    )


def open_association(s: Session, **values: Any) -> int:
    row: Any = {"rejected_contexts": [], "age": timedelta(0)} | values
    (number,) = associations.open_all(s.connection(), [row])
    return number


def close_association(s: Session, number: int, ended: str) -> None:
    associations.close_all(s.connection(), [(number, ended)])
    s.expire_all()


def receive(s: Session, uid: str = "1.2.3.1.1.1", association_id: int | None = None) -> int:
    return instances.register(
        s,
        association_id=association_id,
        sop_class_uid=CR,
        sop_instance_uid=uid,
        transfer_syntax_uid=EXPLICIT,
        spool_name=f"ab/cd/{next(_numbers)}",
        size=100,
    )


def admit(s: Session, instance: Instance | None = None, association_id: int | None = None) -> str:
    """Receive and index an instance; the new state."""
    instance = instance or make_instance()
    return instances.index(s, receive(s, instance.sop_instance_uid, association_id), instance)


def open_job(s: Session, *, study: str = STUDY, images: str = "images", **changes: Any) -> tuple[Job, bool]:
    values: dict[str, Any] = {
        "study_instance_uid": study,
        "chosen": Eligible(series_instance_uid="1.2.3.1.1", sop_instance_uids=("1.2.3.1.1.1",), reason="frontal"),
        "input_digest": digest_of(images),
        "context": ClinicalContext(),
        "model_name": "cap_mortality_cxr",
        "model_version": "1.0.0",
        "config_digest": digest_of("config"),
        "queue": "screen",
    }
    return jobs.open_job(s, **(values | changes))


def claim(s: Session, job_id: int, *, owner: str = "host:1", lease: float = 60, attempts: int = 3) -> Claim | None:
    return jobs.claim(s, job_id, owner=owner, lease_seconds=lease, maximum_attempts=attempts)


def claimed(s: Session, **changes: Any) -> Claim:
    """A study with a job, claimed."""
    admit(s)
    taken = claim(s, open_job(s, **changes)[0].job_id)
    assert taken is not None
    return taken


def make_findings() -> Findings:
    region = rectangle(0, 0, 10, 10, "1.2.3.1.1.1")
    group = MeasurementGroup(
        tracking_identifier="mortality",
        finding=MORTALITY,
        site=MORTALITY,
        region=region,
        measurements=(Measurement(name=MORTALITY, value=12.5, unit=PERCENT, horizon_days=30, low=10, high=15),),
        qualitative=(Qualitative(name=RISK_STRATUM, value=RISK_HIGH),),
    )
    return Findings(groups=(group,), conclusion="High risk.", notes=("simulated",), out_of_distribution=0.5)


def make_object(role: str, kind: ObjectKind, run: int = 1) -> ReportObject:
    number = {"card": 1, "overlay": 2, "measurements": 3, "text": 5, "marks": 6}[role]
    return ReportObject(
        kind=kind,
        role=role,
        sop_class_uid=SR if kind is ObjectKind.SR else SC,
        sop_instance_uid=f"2.25.{run}{number}",
        series_instance_uid=f"2.25.{run}",
        encoded=bytes(128) + b"DICM" + role.encode(),
    )


def make_report(run: int = 1) -> Report:
    return Report(
        objects=(make_object("card", ObjectKind.SC, run), make_object("measurements", ObjectKind.SR, run)),
    )


def to(destination: str, *, held: bool = False) -> list[PlannedDelivery]:
    return [PlannedDelivery(role=role, destination=destination, held=held) for role in ("card", "measurements")]


def finished(s: Session, destinations: tuple[str, ...] = ("pacs",), run: int = 1, **changes: Any) -> int:
    """A study with an inferred job whose deliveries are pending; the job's id."""
    taken = claimed(s, **changes)
    planned = [delivery for name in destinations for delivery in to(name)]
    jobs.finish(s, taken, make_findings(), make_report(run), planned)
    return taken.job.job_id


def answer(item: ReportObject, status: int | None = 0, detail: str = "") -> SendResult:
    return SendResult(
        status=status, detail=detail, sop_class_uid=item.sop_class_uid, sop_instance_uid=item.sop_instance_uid
    )
