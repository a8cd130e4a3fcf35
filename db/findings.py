"""Findings: the outcome of a job as rows, one for each measurement and each coded answer.

A name is kept with the derivation of its value: "Attenuation Coefficient (Mean)".
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.engine import database_now
from db.tables import FindingRow, ResultRow
from screening.codes import CodedName
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Outcome, Qualitative
from screening.stages import Stages


def record(s: Session, job_id: int, outcome: Outcome, stages: Stages | None = None) -> None:
    """Keep the outcome of a job and what the time went to; part of `db.jobs.finish`."""
    measured = None if stages is None else {name: round(value, 6) for name, value in stages.seconds.items()}
    if isinstance(outcome, NotEvaluable):
        s.add(
            ResultRow(
                job_id=job_id,
                kind="not_evaluable",
                code=outcome.code,
                reason=outcome.reason,
                sop_instance_uid=outcome.sop_instance_uid,
                notes=[],
                stages=measured,
                created_at=database_now(s),
            )
        )
        s.flush()
        return
    s.add(
        ResultRow(
            job_id=job_id,
            kind="findings",
            conclusion=outcome.conclusion,
            notes=list(outcome.notes),
            out_of_distribution=outcome.out_of_distribution,
            stages=measured,
            created_at=database_now(s),
        )
    )
    s.flush()
    s.execute(insert(FindingRow), _rows(job_id, outcome))


def _rows(job_id: int, outcome: Findings) -> list[dict[str, Any]]:
    rows = []
    for index, group in enumerate(outcome.groups):
        items: tuple[Measurement | Qualitative, ...] = (*group.measurements, *group.qualitative)
        rows += [_row(job_id, index, position, group, item) for position, item in enumerate(items)]
    return rows


def _row(
    job_id: int, index: int, position: int, group: MeasurementGroup, item: Measurement | Qualitative
) -> dict[str, Any]:
    measured = item if isinstance(item, Measurement) else None
    return {
        "job_id": job_id,
        "group_index": index,
        "position": position,
        "tracking_identifier": group.tracking_identifier,
        **_code("name", item.name if measured is None else replace(item.name, meaning=measured.title[:64])),
        "value": None if measured is None else measured.value,
        **_code("unit", None if measured is None else measured.unit),
        "horizon_days": None if measured is None else measured.horizon_days,
        "low": None if measured is None else measured.low,
        "high": None if measured is None else measured.high,
        **_code("answer", item.value if isinstance(item, Qualitative) else None),
    }


def _code(prefix: str, code: CodedName | None) -> dict[str, str | None]:
    return {
        f"{prefix}_value": None if code is None else code.value,
        f"{prefix}_scheme": None if code is None else code.scheme,
        f"{prefix}_meaning": None if code is None else code.meaning,
    }


def of_job(s: Session, job_id: int) -> dict[str, Any] | None:
    """The outcome of a job, ready for JSON, or None while there is none.

    {"kind": "not_evaluable", "code", "reason", "sop_instance_uid"}, or {"kind": "findings", "conclusion", "notes",
    "out_of_distribution", "groups": [{"tracking_identifier", "measurements", "qualitative"}]}.
    """
    result = s.scalars(select(ResultRow).where(ResultRow.job_id == job_id)).one_or_none()
    if result is None:
        return None
    if result.kind == "not_evaluable":
        return {
            "kind": result.kind,
            "code": result.code,
            "reason": result.reason,
            "sop_instance_uid": result.sop_instance_uid,
        }
    groups: dict[int, dict[str, Any]] = {}
    rows = s.scalars(
        select(FindingRow).where(FindingRow.job_id == job_id).order_by(FindingRow.group_index, FindingRow.position)
    )
    for row in rows:
        empty = {"tracking_identifier": row.tracking_identifier, "measurements": [], "qualitative": []}
        group = groups.setdefault(row.group_index, empty)
        group["measurements" if row.answer_value is None else "qualitative"].append(_item(row))
    return {
        "kind": result.kind,
        "conclusion": result.conclusion,
        "notes": result.notes,
        "out_of_distribution": result.out_of_distribution,
        "groups": list(groups.values()),
    }


def stages_of(s: Session, job_id: int) -> Stages | None:
    """What the time of the attempt went to that gave the outcome; None while there is none, or nobody measured."""
    found = s.scalar(select(ResultRow.stages).where(ResultRow.job_id == job_id))
    return None if found is None else Stages(found)


def _item(row: FindingRow) -> dict[str, Any]:
    name = {"value": row.name_value, "scheme": row.name_scheme, "meaning": row.name_meaning}
    if row.answer_value is not None:
        answer = {"value": row.answer_value, "scheme": row.answer_scheme, "meaning": row.answer_meaning}
        return {"name": name, "value": answer}
    return {
        "name": name,
        "value": row.value,
        "unit": {"value": row.unit_value, "scheme": row.unit_scheme, "meaning": row.unit_meaning},
        "horizon_days": row.horizon_days,
        "low": row.low,
        "high": row.high,
    }
