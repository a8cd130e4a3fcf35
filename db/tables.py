"""The tables. Rows stay on this floor: the verbs beside this module return values of `screening`.

Patient identifiers are in `studies` (Patient ID and its issuer, to tell two patients under one Study Instance UID
apart), `instances.header` (what selection and reports need), `clinical_context` (whom an item is about),
`audit_messages.message` (in `db.node_tables`, until they are sent) and, as part of the DICOM objects themselves,
`report_objects.encoded`; nowhere else.
"""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Number, SafeJson, SafeText
from db.table_base import Key, Table, where, where_on_postgresql

JobKey = Annotated[int, mapped_column(Number, ForeignKey("jobs.id"))]
AssociationKey = Annotated[int | None, mapped_column(Number, ForeignKey("associations.id"))]
StudyKey = Annotated[str, mapped_column(SafeText, ForeignKey("studies.study_instance_uid"))]

_OPEN_JOBS = "state IN ('ready', 'retry_wait', 'claimed', 'quarantined')"


class AssociationRow(Table):
    """One association, accepted or refused."""

    __tablename__ = "associations"
    __table_args__ = (
        Index("ix_associations_open", "id", **where("closed_at IS NULL")),
        Index("ix_associations_unreported", "id", **where("reported_at IS NULL")),
    )

    id: Mapped[Key]
    calling_ae_title: Mapped[str]
    called_ae_title: Mapped[str]
    address: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    ended: Mapped[str | None]  #: "released", "aborted", "connection lost", "listener restarted", "refused"
    refused: Mapped[str | None]  #: why it was refused; null when it was accepted
    reported_at: Mapped[datetime | None]  #: when audit messages told of what it brought; null: not yet


class RefusedContextRow(Table):
    """One presentation context that we did not accept, in an association that we did."""

    __tablename__ = "refused_contexts"

    id: Mapped[Key]
    association_id: Mapped[int] = mapped_column(Number, ForeignKey("associations.id"), index=True)
    abstract_syntax: Mapped[str]
    transfer_syntaxes: Mapped[list[str]] = mapped_column(SafeJson)


class RefusalRow(Table):
    """One C-STORE that we answered with a failure status."""

    __tablename__ = "refusals"

    id: Mapped[Key]
    association_id: Mapped[AssociationKey] = mapped_column(index=True)
    sop_class_uid: Mapped[str]
    sop_instance_uid: Mapped[str]
    status: Mapped[int]
    reason: Mapped[str]
    at: Mapped[datetime]


class StudyRow(Table):
    """One study, made by its first indexed instance."""

    __tablename__ = "studies"
    __table_args__ = (
        UniqueConstraint("study_instance_uid"),
        Index(None, "accession_number"),
        Index(None, "patient_id"),
        Index(None, "intake_due", "last_received_at"),
        Index(None, "first_received_at", "id"),
    )

    id: Mapped[Key]
    study_instance_uid: Mapped[str]
    accession_number: Mapped[str]
    patient_id: Mapped[str]
    issuer_of_patient_id: Mapped[str]
    first_received_at: Mapped[datetime]
    last_received_at: Mapped[datetime]
    intake_due: Mapped[bool]  #: instances were indexed since the last intake
    intake_digest: Mapped[str | None]
    intake_at: Mapped[datetime | None]
    conflict: Mapped[str | None]  #: another patient came under this Study Instance UID


class SeriesRow(Table):
    """One series of a study."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("study_instance_uid", "series_instance_uid"),)

    id: Mapped[Key]
    study_instance_uid: Mapped[StudyKey]
    series_instance_uid: Mapped[str]
    modality: Mapped[str]
    series_number: Mapped[int | None]
    last_received_at: Mapped[datetime]


class InstanceRow(Table):
    """One reception. A SOP Instance that came three times has three rows; at most one of them is indexed."""

    __tablename__ = "instances"
    __table_args__ = (
        UniqueConstraint("spool_name"),
        Index("ix_instances_received", "received_at", "id", **where("state = 'received'")),
        Index(None, "study_instance_uid", "state"),
        Index(None, "association_id"),
        Index("uq_instances_indexed", "sop_instance_uid", unique=True, **where("state = 'indexed'")),
    )

    id: Mapped[Key]
    association_id: Mapped[AssociationKey]
    sop_class_uid: Mapped[str]
    sop_instance_uid: Mapped[str]
    transfer_syntax_uid: Mapped[str]
    spool_name: Mapped[str]
    size: Mapped[int]
    state: Mapped[str]
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    digest: Mapped[str | None]
    study_instance_uid: Mapped[str | None] = mapped_column(ForeignKey("studies.study_instance_uid"))
    series_id: Mapped[int | None] = mapped_column(Number, ForeignKey("series.id"), index=True)
    instance_number: Mapped[int | None]
    header: Mapped[dict[str, Any] | None] = mapped_column(SafeJson)


class SelectionRow(Table):
    """What a model said to a study: one decision, and one row for each series or image chosen or rejected."""

    __tablename__ = "selections"
    __table_args__ = (Index(None, "study_instance_uid", "model_name", "model_version"),)

    id: Mapped[Key]
    study_instance_uid: Mapped[StudyKey]
    model_name: Mapped[str]
    model_version: Mapped[str]
    kind: Mapped[str]  #: "decision", "chosen" or "rejected"
    code: Mapped[str]
    reason: Mapped[str]
    series_instance_uid: Mapped[str | None]
    sop_instance_uids: Mapped[list[str]] = mapped_column(SafeJson)
    at: Mapped[datetime]


class JobRow(Table):
    """One model's work on one series, once."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint(
            "study_instance_uid",
            "series_instance_uid",
            "input_digest",
            "model_name",
            "model_version",
            "config_digest",
            name="uq_jobs_work",
        ),
        Index(None, "state", "created_at", **where_on_postgresql(_OPEN_JOBS)),
        Index(None, "predecessor_id"),
        Index("ix_jobs_dismissed", "study_instance_uid", **where("state = 'dismissed'")),
    )

    id: Mapped[Key]
    study_instance_uid: Mapped[StudyKey]
    series_instance_uid: Mapped[str]
    sop_instance_uids: Mapped[list[str]] = mapped_column(SafeJson)
    input_digest: Mapped[str]
    context: Mapped[dict[str, Any] | None] = mapped_column(SafeJson)  #: null in rows of schema 0001: nothing was kept
    model_name: Mapped[str]
    model_version: Mapped[str]
    config_digest: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]  #: how often it was claimed; never goes back, so that it can fence
    attempt_base: Mapped[int]  #: attempt when an operator last asked for a retry; the cap counts from here
    maximum_attempts: Mapped[int | None]  #: the cap at the last claim
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]
    predecessor_id: Mapped[int | None] = mapped_column(Number, ForeignKey("jobs.id"))
    created_at: Mapped[datetime]
    reason: Mapped[str | None]


class JobEventRow(Table):
    """One arrow between two states of a job, or of one of its deliveries."""

    __tablename__ = "job_events"

    id: Mapped[Key]
    job_id: Mapped[JobKey] = mapped_column(index=True)
    delivery_id: Mapped[int | None] = mapped_column(Number, ForeignKey("deliveries.id"))
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    at: Mapped[datetime]
    attempt: Mapped[int]
    owner: Mapped[str | None]
    detail: Mapped[str | None]


class ResultRow(Table):
    """The outcome of one job."""

    __tablename__ = "results"
    __table_args__ = (UniqueConstraint("job_id"),)

    id: Mapped[Key]
    job_id: Mapped[JobKey]
    kind: Mapped[str]  #: "findings" or "not_evaluable"
    code: Mapped[str | None]
    reason: Mapped[str | None]
    sop_instance_uid: Mapped[str | None]
    conclusion: Mapped[str | None]
    notes: Mapped[list[str]] = mapped_column(SafeJson)
    out_of_distribution: Mapped[float | None]
    stages: Mapped[dict[str, float] | None] = mapped_column(SafeJson)  #: `screening.stages`; null: nobody measured
    created_at: Mapped[datetime]


class FindingRow(Table):
    """One measurement or one coded answer of one group of findings."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("job_id", "group_index", "position"),)

    id: Mapped[Key]
    job_id: Mapped[JobKey]
    group_index: Mapped[int]
    position: Mapped[int]
    tracking_identifier: Mapped[str]
    name_value: Mapped[str]
    name_scheme: Mapped[str]
    name_meaning: Mapped[str]
    value: Mapped[float | None]  #: of a measurement
    unit_value: Mapped[str | None]
    unit_scheme: Mapped[str | None]
    unit_meaning: Mapped[str | None]
    horizon_days: Mapped[int | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    answer_value: Mapped[str | None]  #: of a coded answer
    answer_scheme: Mapped[str | None]
    answer_meaning: Mapped[str | None]


class ReportObjectRow(Table):
    """One encoded result object, frozen."""

    __tablename__ = "report_objects"
    __table_args__ = (UniqueConstraint("sop_instance_uid"), UniqueConstraint("job_id", "role"))

    id: Mapped[Key]
    job_id: Mapped[JobKey]
    kind: Mapped[str]
    role: Mapped[str]
    sop_class_uid: Mapped[str]
    sop_instance_uid: Mapped[str]
    series_instance_uid: Mapped[str]
    encoded: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]


class DeliveryRow(Table):
    """One result object on its way to one destination."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("report_object_id", "destination"),
        Index(None, "state", "destination", **where_on_postgresql("state <> 'committed'")),
        Index(None, "job_id", "destination"),
        Index(None, "transaction_uid"),
        Index(None, "sent_sop_instance_uid"),
    )

    id: Mapped[Key]
    job_id: Mapped[JobKey]
    report_object_id: Mapped[int] = mapped_column(Number, ForeignKey("report_objects.id"))
    destination: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    status: Mapped[int | None]  #: of the last C-STORE
    detail: Mapped[str | None]
    sent_sop_class_uid: Mapped[str | None]
    sent_sop_instance_uid: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    transaction_uid: Mapped[str | None]  #: of the storage commitment that was last requested
    commit_requested_at: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CommitmentRow(Table):
    """One storage commitment that we requested: tells a late or repeated report from one that nobody asked for."""

    __tablename__ = "commitments"
    __table_args__ = (UniqueConstraint("transaction_uid"),)

    id: Mapped[Key]
    transaction_uid: Mapped[str]
    destination: Mapped[str]
    requested_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]


class ClinicalContextRow(Table):
    """One item or diagnosis that a site told about a patient."""

    __tablename__ = "clinical_context"
    __table_args__ = (UniqueConstraint("patient_id", "issuer_of_patient_id", "kind", "name"),)

    id: Mapped[Key]
    patient_id: Mapped[str]
    issuer_of_patient_id: Mapped[str]
    kind: Mapped[str]  #: "item" or "diagnosis"
    name: Mapped[str]  #: of the item, or SCHEME:VALUE of the diagnosis
    value: Mapped[float | None]
    meaning: Mapped[str | None]
    imported_at: Mapped[datetime]
