"""Who is examined in a study, for those who may know: what the header of one of its images says."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.instances import InstanceState
from db.tables import InstanceRow, StudyRow
from screening.header import Header


def headers_of(s: Session, study_instance_uids: Iterable[str]) -> dict[str, Header]:
    """A header of each of these studies that has one, by Study Instance UID. Whoever shows it audits it."""
    kept = InstanceRow.state.in_([InstanceState.INDEXED, InstanceState.PURGED])
    header = (
        select(InstanceRow.header)
        .where(InstanceRow.study_instance_uid == StudyRow.study_instance_uid, kept)
        .limit(1)
        .scalar_subquery()
    )
    query = select(StudyRow.study_instance_uid, header).where(StudyRow.study_instance_uid.in_(set(study_instance_uids)))
    return {uid: Header(found) for uid, found in s.execute(query) if found is not None}
