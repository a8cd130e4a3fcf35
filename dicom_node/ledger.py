"""What the listener writes down, and the ledger that writes it to the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from db import associations, audit, audit_messages, commitments, conditions, instances, pauses
from db.engine import Sessions, database_now, transaction
from db.lasting import LastingConnection
from dicom_node.audit.events import Entity, Reporter
from dicom_node.commitment import failure_reason_text
from dicom_node.entries import AssociationEntry, Registration
from dicom_node.registrar import Batch
from screening.errors import CommitUnknown


class Ledger(Protocol):
    """The listener's book. What a verb writes is committed when it returns; DatabaseUnavailable when it is not."""

    def write(self, batch: Batch) -> None:
        """What came: all of it is written, or nothing; what it opens has its number then.

        CommitUnknown when nobody knows whether it was.
        """
        ...

    def refuse_association(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, certificate: str, reason: str
    ) -> None:
        """An association was refused. certificate: what the peer showed; empty when it showed none."""
        ...

    def close_stale(self) -> int:
        """Close the associations that an earlier listener left open; how many. Its spool's failure is over."""
        ...

    def intake_paused(self) -> bool:
        """Whether an operator has stopped intake."""
        ...

    def withdraw(self, spool_name: str, reason: str) -> None:
        """What was registered is not durable, and its sender was told so."""
        ...

    def is_registered(self, spool_name: str) -> bool:
        """Whether it is written that this file is in the spool."""
        ...

    def spool_failed(self, detail: str) -> None:
        """The spool takes nothing any more, until the listener is started again."""
        ...

    def refuse(
        self, *, association_id: int, sop_class_uid: str, sop_instance_uid: str, status: int, reason: str
    ) -> None:
        """An object was refused."""
        ...

    def is_own_output(self, sop_instance_uid: str) -> bool:
        """Whether this node made the object."""
        ...

    def commitment_reported(
        self,
        *,
        transaction_uid: str,
        stored: Sequence[str],
        failed: Sequence[tuple[str, int]],
        destinations: Sequence[str],
    ) -> bool:
        """A destination says which SOP Instances it keeps; False, and audited, if it was not asked.

        destinations: names of those that may have sent the report: several may share an AE title and address.
        """
        ...


class DatabaseLedger:
    """The ledger in the database (`db`). One transaction for each verb.

    reporter: reports refused associations as audit messages; None: nobody does.
    """

    def __init__(self, sessions: Sessions, reporter: Reporter | None = None) -> None:
        self._sessions = sessions
        self._lasting = LastingConnection(sessions)  # of the thread that writes batches
        self._reporter = reporter

    def write(self, batch: Batch) -> None:
        """See Ledger."""
        numbers: list[int] = []
        try:
            with self._lasting.transaction() as connection:
                numbers += associations.open_all(connection, [_new_association(entry) for entry in batch.opened])
                for entry, number in zip(batch.opened, numbers, strict=True):
                    entry.number = number
                if batch.received:
                    instances.register_all(connection, [_new_instance(one) for one in batch.received])
                if batch.closed:
                    associations.close_all(
                        connection, [(number, entry.ended) for entry in batch.closed for number in entry.numbers]
                    )
        except BaseException as exc:
            for entry, number in zip(batch.opened, numbers, strict=False):
                entry.number = None
                if isinstance(exc, CommitUnknown):
                    entry.doubtful.append(number)
            raise

    def refuse_association(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, certificate: str, reason: str
    ) -> None:
        """See Ledger. A line of the audit trail, and an audit message, too."""
        shown = f"certificate {certificate!r}" if certificate else "no certificate"
        with transaction(self._sessions) as s:
            associations.refuse_association(
                s, calling_ae_title=calling_ae_title, called_ae_title=called_ae_title, address=address, reason=reason
            )
            audit.record(
                s,
                actor=calling_ae_title,
                action="association refused",
                subject=address,
                detail=f"called {called_ae_title!r} with {shown}: {reason}",
            )
            if self._reporter is not None:
                calling = Entity(ae_title=calling_ae_title, address=address)
                message = self._reporter.association_refused(
                    database_now(s), calling, called_ae_title, certificate, reason
                )
                audit_messages.put(s, message.to_xml())

    def close_stale(self) -> int:
        """See Ledger."""
        with transaction(self._sessions) as s:
            conditions.cleared(s, conditions.SPOOL)
            return associations.close_stale(s)

    def intake_paused(self) -> bool:
        """See Ledger."""
        with transaction(self._sessions, read_only=True) as s:
            return pauses.is_paused(s, pauses.Part.INTAKE)

    def withdraw(self, spool_name: str, reason: str) -> None:
        """See Ledger."""
        with transaction(self._sessions) as s:
            instances.withdraw(s, spool_name, reason)

    def is_registered(self, spool_name: str) -> bool:
        """See Ledger."""
        with transaction(self._sessions, read_only=True) as s:
            return instances.is_registered(s, spool_name)

    def spool_failed(self, detail: str) -> None:
        """See Ledger."""
        with transaction(self._sessions) as s:
            conditions.failed(s, conditions.SPOOL, detail)
            audit.record(s, actor="listener", action="spool failed", subject="spool", detail=detail)

    def refuse(
        self, *, association_id: int, sop_class_uid: str, sop_instance_uid: str, status: int, reason: str
    ) -> None:
        """See Ledger."""
        with transaction(self._sessions) as s:
            instances.refuse(
                s,
                association_id=association_id,
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
                status=status,
                reason=reason,
            )

    def is_own_output(self, sop_instance_uid: str) -> bool:
        """See Ledger."""
        with transaction(self._sessions, read_only=True) as s:
            return instances.is_own_output(s, sop_instance_uid)

    def commitment_reported(
        self,
        *,
        transaction_uid: str,
        stored: Sequence[str],
        failed: Sequence[tuple[str, int]],
        destinations: Sequence[str],
    ) -> bool:
        """See Ledger."""
        reasons = [(uid, failure_reason_text(reason)) for uid, reason in failed]
        with transaction(self._sessions) as s:
            known = any(
                commitments.commitment_reported(s, transaction_uid, stored, reasons, destination=name)
                for name in destinations
            )
            if not known:
                audit.record(
                    s,
                    actor=", ".join(destinations),
                    action="storage commitment report refused",
                    subject=transaction_uid,
                    detail=f"nobody asked for it: {len(stored)} stored, {len(failed)} failed",
                )
        return known


def _new_association(entry: AssociationEntry) -> associations.NewAssociation:
    return {
        "calling_ae_title": entry.calling_ae_title,
        "called_ae_title": entry.called_ae_title,
        "address": entry.address,
        "rejected_contexts": entry.rejected_contexts,
        "age": timedelta(seconds=entry.age),
    }


def _new_instance(one: Registration) -> instances.NewInstance:
    return {
        "association_id": one.association.number,
        "sop_class_uid": one.sop_class_uid,
        "sop_instance_uid": one.sop_instance_uid,
        "transfer_syntax_uid": one.transfer_syntax_uid,
        "spool_name": one.spool_name,
        "size": one.size,
    }
