"""Results in numbers: studies with one job each, whose outcome a test states."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from db import jobs
from db.deliveries import PlannedDelivery
from db.tables import ResultRow
from screening.codes import CodedName
from screening.findings import Findings, Measurement, NotEvaluable, Outcome, Qualitative
from screening.reports import ObjectKind, Report, ReportObject
from screening.types import Eligible
from tests.db.factories import SC, admit, claim, digest_of, make_findings, make_instance, open_job

MODEL = "cap_mortality_cxr"


def findings(value: float = 12.5, stratum: CodedName | None = None, distance: float | None = 0.5) -> Findings:
    """Findings with this headline, in percent, and this risk stratum; none by default."""
    given = make_findings()
    (group,) = given.groups
    head: Measurement = replace(group.measurements[0], value=value, low=None, high=None)
    answers = () if stratum is None else (Qualitative(name=group.qualitative[0].name, value=stratum),)
    return replace(
        given, groups=(replace(group, measurements=(head,), qualitative=answers),), out_of_distribution=distance
    )


def refusal(code: str = "lateral-view") -> NotEvaluable:
    return NotEvaluable(code=code, reason="the picture shows something else")


def store(
    s: Session, number: int, outcome: Outcome | None = None, *, held: tuple[str, ...] = (), at: datetime | None = None,
    study: int | None = None, header: dict[str, Any] | None = None, engine: str = "", **changes: Any,
) -> int:  # fmt: skip
    """A result of study `1.2.9.STUDY` (of its own by default) with Accession Number `ASTUDY`; the job's id.

    held: destinations that its object is held back from. at: when it was stored.
    """
    of = number if study is None else study
    uid, series = f"1.2.9.{of}", f"1.2.9.{of}.1"
    admit(s, make_instance(f"{series}.1", study=uid, series=series, AccessionNumber=f"A{of}", **(header or {})))
    chosen = Eligible(series_instance_uid=series, sop_instance_uids=(f"{series}.1",), reason="frontal")
    values: dict[str, Any] = {"model_name": MODEL, "chosen": chosen, "input_digest": digest_of(str(number))} | changes
    job, _ = open_job(s, study=uid, **values)
    taken = claim(s, job.job_id)
    assert taken is not None
    item = ReportObject(
        kind=ObjectKind.SC, role="card", sop_class_uid=SC, sop_instance_uid=f"2.25.9{number}",
        series_instance_uid="2.25.9", encoded=bytes(128) + b"DICM",
    )  # fmt: skip
    planned = [PlannedDelivery(role="card", destination=name, held=True) for name in held]
    jobs.finish(s, taken, outcome or findings(), Report(objects=(item,), engine=engine), planned)
    if at is not None:
        s.execute(update(ResultRow).where(ResultRow.job_id == job.job_id).values(created_at=at))
    return job.job_id
