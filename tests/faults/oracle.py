"""What must hold after each run, whatever the fault was."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from db.tables import DeliveryRow, InstanceRow, JobRow, ReportObjectRow, ResultRow
from dicom_node.part10 import split_bytes
from screening.reports import DeliveryState
from tests.acceptance.node import wait_for
from tests.faults.bench import Bench
from tests.faults.program import ORPHAN_SECONDS

_DELIVERED = (DeliveryState.SENT, DeliveryState.COMMIT_REQUESTED, DeliveryState.COMMITTED)

_AT_ONCE = 20  # result objects, some MB each, in memory


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was counted; each of the last two must be 0."""

    acknowledged: int
    lost: int  #: acknowledged objects without row or bytes, and result objects that the PACS was said to have and lacks
    duplicates: int  #: results beyond one for a key, and result objects that came with more than one content

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice."""
        return self.lost == 0 and self.duplicates == 0


def judge(made: Bench) -> Verdict:
    """Count."""
    lost = _lost_objects(made) + _lost_results(made)
    return Verdict(acknowledged=len(made.acknowledged), lost=lost, duplicates=_duplicates(made))


def _lost_objects(made: Bench) -> int:
    """Acknowledged, and no row has a file with the same bytes."""
    spool = made.spooled()
    with made.node.session() as session:
        rows = session.execute(select(InstanceRow.sop_instance_uid, InstanceRow.spool_name)).all()
    kept: dict[str, set[str]] = {}
    for uid, name in rows:
        if uid in made.acknowledged:
            kept.setdefault(uid, set()).add(_digest(spool.path(name)))
    return sum(digest not in kept.get(uid, set()) for uid, digest in made.acknowledged.items())


def _digest(path: Path) -> str:
    """SHA-256 of a file's data set; nothing for one that is not there."""
    if not path.is_file():
        return ""
    return hashlib.sha256(split_bytes(path.read_bytes())[1]).hexdigest()


def _lost_results(made: Bench) -> int:
    """Said to be delivered, and the PACS does not have it, or has other bytes."""
    with made.node.session() as session:
        rows = session.execute(
            select(DeliveryRow.sent_sop_instance_uid, ReportObjectRow.encoded)
            .join(ReportObjectRow, ReportObjectRow.id == DeliveryRow.report_object_id)
            .where(DeliveryRow.state.in_(_DELIVERED), DeliveryRow.destination == "pacs")
            .execution_options(yield_per=_AT_ONCE)
        )
        wanted = {str(uid): hashlib.sha256(split_bytes(encoded)[1]).hexdigest() for uid, encoded in rows}
    here = made.pacs.objects()
    return sum(uid not in here or _digest(here[uid]) != digest for uid, digest in wanted.items())


def unfinished(made: Bench) -> list[str]:
    """Jobs without a result and result objects that were given up: what an operator would find."""
    with made.node.session() as session:
        jobs = session.execute(
            select(JobRow.id, JobRow.state, JobRow.reason).where(
                JobRow.state.not_in(("inferred", "superseded", "dismissed"))
            )
        ).all()
        failed = session.execute(
            select(DeliveryRow.id, DeliveryRow.detail).where(DeliveryRow.state == DeliveryState.FAILED)
        ).all()
    return [f"job {job.id} {job.state}: {job.reason}" for job in jobs] + [
        f"delivery {row.id} failed: {row.detail}" for row in failed
    ]


def _duplicates(made: Bench) -> int:
    """Results of one key beyond the first, and result objects that the PACS got with different bytes."""
    with made.node.session() as session:
        results = session.scalars(
            select(func.count())
            .select_from(ResultRow)
            .join(JobRow, JobRow.id == ResultRow.job_id)
            .group_by(JobRow.study_instance_uid, JobRow.input_digest, JobRow.model_name, JobRow.config_digest)
        ).all()
        indexed = session.scalars(select(InstanceRow.sop_instance_uid).where(InstanceRow.state == "indexed")).all()
    twice = sum(number - 1 for number in results)
    twice += sum(number - 1 for number in Counter(indexed).values())
    return twice + sum(len(set(digests)) - 1 for digests in made.pacs.taken.values())


def leftovers(made: Bench) -> list[str]:
    """Files without a row: of receptions that were cut off."""
    with made.node.session() as session:
        known = set(session.scalars(select(InstanceRow.spool_name)))
    return [name for names in made.spooled().old_names(0) for name in names if name not in known]


def await_clean(made: Bench) -> None:
    """Wait until the reconciler has swept what interrupted receptions left."""
    wait_for("a clean spool", lambda: not leftovers(made), ORPHAN_SECONDS + 60)
