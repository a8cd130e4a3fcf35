"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "associations",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("calling_ae_title", sa.String(), nullable=False),
        sa.Column("called_ae_title", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.String(), nullable=True),
        sa.Column("refused", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_associations")),
    )
    op.create_index(op.f("ix_associations_closed_at"), "associations", ["closed_at"], unique=False)
    op.create_index(op.f("ix_associations_refused"), "associations", ["refused"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "clinical_context",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("issuer_of_patient_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("meaning", sa.String(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinical_context")),
        sa.UniqueConstraint(
            "patient_id",
            "issuer_of_patient_id",
            "kind",
            "name",
            name=op.f("uq_clinical_context_patient_id_issuer_of_patient_id_kind_name"),
        ),
    )
    op.create_table(
        "commitments",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("transaction_uid", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitments")),
        sa.UniqueConstraint("transaction_uid", name=op.f("uq_commitments_transaction_uid")),
    )
    op.create_table(
        "studies",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("study_instance_uid", sa.String(), nullable=False),
        sa.Column("accession_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("issuer_of_patient_id", sa.String(), nullable=False),
        sa.Column("first_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("intake_due", sa.Boolean(), nullable=False),
        sa.Column("intake_digest", sa.String(), nullable=True),
        sa.Column("intake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conflict", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("study_instance_uid", name=op.f("uq_studies_study_instance_uid")),
    )
    op.create_index(op.f("ix_studies_accession_number"), "studies", ["accession_number"], unique=False)
    op.create_index(
        op.f("ix_studies_intake_due_last_received_at"), "studies", ["intake_due", "last_received_at"], unique=False
    )
    op.create_table(
        "jobs",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("study_instance_uid", sa.String(), nullable=False),
        sa.Column("series_instance_uid", sa.String(), nullable=False),
        sa.Column("sop_instance_uids", sa.JSON(), nullable=False),
        sa.Column("input_digest", sa.String(), nullable=False),
        sa.Column("model_name", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("config_digest", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", NUMBER, nullable=False),
        sa.Column("attempt_base", NUMBER, nullable=False),
        sa.Column("maximum_attempts", NUMBER, nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("predecessor_id", NUMBER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["predecessor_id"], ["jobs.id"], name=op.f("fk_jobs_predecessor_id")),
        sa.ForeignKeyConstraint(
            ["study_instance_uid"], ["studies.study_instance_uid"], name=op.f("fk_jobs_study_instance_uid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint(
            "study_instance_uid",
            "series_instance_uid",
            "input_digest",
            "model_name",
            "model_version",
            "config_digest",
            name="uq_jobs_work",
        ),
    )
    op.create_index(op.f("ix_jobs_predecessor_id"), "jobs", ["predecessor_id"], unique=False)
    op.create_index(op.f("ix_jobs_state_lease_until"), "jobs", ["state", "lease_until"], unique=False)
    op.create_index(op.f("ix_jobs_state_next_attempt_at"), "jobs", ["state", "next_attempt_at"], unique=False)
    op.create_table(
        "refusals",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("association_id", NUMBER, nullable=True),
        sa.Column("sop_class_uid", sa.String(), nullable=False),
        sa.Column("sop_instance_uid", sa.String(), nullable=False),
        sa.Column("status", NUMBER, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["associations.id"], name=op.f("fk_refusals_association_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index(op.f("ix_refusals_status"), "refusals", ["status"], unique=False)
    op.create_table(
        "refused_contexts",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("association_id", NUMBER, nullable=False),
        sa.Column("abstract_syntax", sa.String(), nullable=False),
        sa.Column("transfer_syntaxes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["association_id"], ["associations.id"], name=op.f("fk_refused_contexts_association_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_contexts")),
    )
    op.create_index(op.f("ix_refused_contexts_abstract_syntax"), "refused_contexts", ["abstract_syntax"], unique=False)
    op.create_index(op.f("ix_refused_contexts_association_id"), "refused_contexts", ["association_id"], unique=False)
    op.create_table(
        "selections",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("study_instance_uid", sa.String(), nullable=False),
        sa.Column("model_name", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("series_instance_uid", sa.String(), nullable=True),
        sa.Column("sop_instance_uids", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_instance_uid"], ["studies.study_instance_uid"], name=op.f("fk_selections_study_instance_uid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selections")),
    )
    op.create_index(op.f("ix_selections_kind_code"), "selections", ["kind", "code"], unique=False)
    op.create_index(
        op.f("ix_selections_study_instance_uid_model_name_model_version"),
        "selections",
        ["study_instance_uid", "model_name", "model_version"],
        unique=False,
    )
    op.create_table(
        "series",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("study_instance_uid", sa.String(), nullable=False),
        sa.Column("series_instance_uid", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("series_number", NUMBER, nullable=True),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_instance_uid"], ["studies.study_instance_uid"], name=op.f("fk_series_study_instance_uid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "study_instance_uid", "series_instance_uid", name=op.f("uq_series_study_instance_uid_series_instance_uid")
        ),
    )
    op.create_table(
        "findings",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("group_index", NUMBER, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("tracking_identifier", sa.String(), nullable=False),
        sa.Column("name_value", sa.String(), nullable=False),
        sa.Column("name_scheme", sa.String(), nullable=False),
        sa.Column("name_meaning", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("unit_value", sa.String(), nullable=True),
        sa.Column("unit_scheme", sa.String(), nullable=True),
        sa.Column("unit_meaning", sa.String(), nullable=True),
        sa.Column("horizon_days", NUMBER, nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("answer_value", sa.String(), nullable=True),
        sa.Column("answer_scheme", sa.String(), nullable=True),
        sa.Column("answer_meaning", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_findings_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("job_id", "group_index", "position", name=op.f("uq_findings_job_id_group_index_position")),
    )
    op.create_table(
        "instances",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("association_id", NUMBER, nullable=True),
        sa.Column("sop_class_uid", sa.String(), nullable=False),
        sa.Column("sop_instance_uid", sa.String(), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(), nullable=False),
        sa.Column("spool_name", sa.String(), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("study_instance_uid", sa.String(), nullable=True),
        sa.Column("series_id", NUMBER, nullable=True),
        sa.Column("instance_number", NUMBER, nullable=True),
        sa.Column("header", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["association_id"], ["associations.id"], name=op.f("fk_instances_association_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_instances_series_id")),
        sa.ForeignKeyConstraint(
            ["study_instance_uid"], ["studies.study_instance_uid"], name=op.f("fk_instances_study_instance_uid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instances")),
        sa.UniqueConstraint("spool_name", name=op.f("uq_instances_spool_name")),
    )
    op.create_index(op.f("ix_instances_association_id"), "instances", ["association_id"], unique=False)
    op.create_index(op.f("ix_instances_series_id"), "instances", ["series_id"], unique=False)
    op.create_index(op.f("ix_instances_sop_instance_uid"), "instances", ["sop_instance_uid"], unique=False)
    op.create_index(op.f("ix_instances_state_received_at"), "instances", ["state", "received_at"], unique=False)
    op.create_index(
        op.f("ix_instances_study_instance_uid_state"), "instances", ["study_instance_uid", "state"], unique=False
    )
    op.create_index(
        "uq_instances_indexed",
        "instances",
        ["sop_instance_uid"],
        unique=True,
        sqlite_where=sa.text("state = 'indexed'"),
        postgresql_where=sa.text("state = 'indexed'"),
    )
    op.create_table(
        "report_objects",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sop_class_uid", sa.String(), nullable=False),
        sa.Column("sop_instance_uid", sa.String(), nullable=False),
        sa.Column("series_instance_uid", sa.String(), nullable=False),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_report_objects_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_objects")),
        sa.UniqueConstraint("job_id", "role", name=op.f("uq_report_objects_job_id_role")),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_report_objects_sop_instance_uid")),
    )
    op.create_table(
        "results",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("sop_instance_uid", sa.String(), nullable=True),
        sa.Column("conclusion", sa.String(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("out_of_distribution", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_results_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
        sa.UniqueConstraint("job_id", name=op.f("uq_results_job_id")),
    )
    op.create_index(op.f("ix_results_kind_code"), "results", ["kind", "code"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("report_object_id", NUMBER, nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", NUMBER, nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", NUMBER, nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("sent_sop_class_uid", sa.String(), nullable=True),
        sa.Column("sent_sop_instance_uid", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transaction_uid", sa.String(), nullable=True),
        sa.Column("commit_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_deliveries_job_id")),
        sa.ForeignKeyConstraint(
            ["report_object_id"], ["report_objects.id"], name=op.f("fk_deliveries_report_object_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("report_object_id", "destination", name=op.f("uq_deliveries_report_object_id_destination")),
    )
    op.create_index(op.f("ix_deliveries_destination_state"), "deliveries", ["destination", "state"], unique=False)
    op.create_index(op.f("ix_deliveries_job_id_destination"), "deliveries", ["job_id", "destination"], unique=False)
    op.create_index(op.f("ix_deliveries_sent_sop_instance_uid"), "deliveries", ["sent_sop_instance_uid"], unique=False)
    op.create_index(
        op.f("ix_deliveries_state_next_attempt_at"), "deliveries", ["state", "next_attempt_at"], unique=False
    )
    op.create_index(op.f("ix_deliveries_transaction_uid"), "deliveries", ["transaction_uid"], unique=False)
    op.create_table(
        "job_events",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("delivery_id", NUMBER, nullable=True),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", NUMBER, nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_job_events_delivery_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_events_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_events")),
    )
    op.create_index(op.f("ix_job_events_job_id"), "job_events", ["job_id"], unique=False)
