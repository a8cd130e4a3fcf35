"""Selections: what each model decided about each study, and why, series by series."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.engine import database_now
from db.tables import SelectionRow, StudyRow
from screening.types import Selection


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One row of a selection: the decision about the study, or a series (or image of it) chosen or rejected."""

    model_name: str
    model_version: str
    kind: str  #: "decision", "chosen" or "rejected"
    code: str
    reason: str
    series_instance_uid: str | None
    sop_instance_uids: tuple[str, ...]  #: empty: the whole series


def record(  # noqa: PLR0917 (study, model and version, then what was decided)
    s: Session,
    study_instance_uid: str,
    model_name: str,
    model_version: str,
    selection: Selection,
    decision: str,
    reason: str,
) -> None:
    """Keep a model's selection and the decision that was made on it, in place of its earlier one."""
    # locked: of two that record at once, neither would see what the other is to replace
    s.execute(select(StudyRow.id).where(StudyRow.study_instance_uid == study_instance_uid).with_for_update())
    s.execute(
        delete(SelectionRow).where(
            SelectionRow.study_instance_uid == study_instance_uid,
            SelectionRow.model_name == model_name,
            SelectionRow.model_version == model_version,
        )
    )
    now = database_now(s)

    def add(kind: str, code: str, why: str, series_instance_uid: str | None, images: tuple[str, ...]) -> None:
        s.add(
            SelectionRow(
                study_instance_uid=study_instance_uid,
                model_name=model_name,
                model_version=model_version,
                kind=kind,
                code=code,
                reason=why,
                series_instance_uid=series_instance_uid,
                sop_instance_uids=list(images),
                at=now,
            )
        )

    add("decision", decision, reason, None, ())
    if selection.chosen is not None:
        chosen = selection.chosen
        add("chosen", "chosen", chosen.reason, chosen.series_instance_uid, chosen.sop_instance_uids)
    for rejected in selection.rejected:
        images = (rejected.sop_instance_uid,) if rejected.sop_instance_uid is not None else ()
        add("rejected", rejected.code, rejected.reason, rejected.series_instance_uid, images)
    s.flush()


def of_study(s: Session, study_instance_uid: str) -> list[Recorded]:
    """Everything that was decided about a study, model by model, the decision first."""
    rows = s.scalars(
        select(SelectionRow)
        .where(SelectionRow.study_instance_uid == study_instance_uid)
        .order_by(SelectionRow.model_name, SelectionRow.model_version, SelectionRow.id)
    )
    return [
        Recorded(
            model_name=row.model_name,
            model_version=row.model_version,
            kind=row.kind,
            code=row.code,
            reason=row.reason,
            series_instance_uid=row.series_instance_uid,
            sop_instance_uids=tuple(row.sop_instance_uids),
        )
        for row in rows
    ]
