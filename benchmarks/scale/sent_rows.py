"""What was sent and told: report objects with tiny bodies, deliveries with their history, the audit trail."""

import hashlib
from collections.abc import Iterator

from benchmarks.scale.dialects import Dialect
from benchmarks.scale.screened_rows import DONE
from benchmarks.scale.size import OWNER, Insert, Size, digest, insert

BODY = bytes(128) + b"DICM"


def sent_rows(size: Size, sql: Dialect) -> Iterator[Insert]:
    """The inserts, in an order in which they can run."""
    now = sql.ago.format("5")
    for number, (kind, role) in enumerate((("sc", "card"), ("sr", "measurements"))):
        made = {
            "id": f"2 * id - {1 - number}",
            "job_id": "id",
            "kind": f"'{kind}'",
            "role": f"'{role}'",
            "sop_class_uid": "'1.2.840.10008.5.1.4.1.1.7'",
            "sop_instance_uid": f"'2.25.' || (id * 2654435761 % 4294967296 + 10000000000) || '{number}' || id",
            "series_instance_uid": "'2.25.' || id",
            "encoded": sql.bytes.format(BODY.hex()),
            "sha256": f"'{hashlib.sha256(BODY).hexdigest()}'",
        }
        yield insert("report_objects", made, "jobs", DONE)
    yield from _deliveries(size, sql, now)
    for before, after in (
        ("NULL", "pending"), ("'pending'", "sending"), ("'sending'", "sent"), ("'sent'", "committed")
    ):  # fmt: skip
        event = {
            "job_id": "job_id",
            "delivery_id": "id",
            "from_state": before,
            "to_state": f"'{after}'",
            "at": now,
            "attempt": "1",
            "owner": f"'{OWNER}'",
        }
        yield insert("job_events", event, "deliveries", "state = 'committed'")
    commitment = {"transaction_uid": "'2.25.9' || i", "destination": "'pacs'", "requested_at": now, "reported_at": now}
    yield insert("commitments", commitment, sql.until(size.jobs))
    yield from _audit(size, sql)


def _deliveries(size: Size, sql: Dialect, now: str) -> Iterator[Insert]:
    last = 2 * (size.jobs - size.ready)  # what was screened last
    pending, sending = last - max(400, last // 200), last - max(200, last // 400)
    at_work = f"id > {sending} AND id % 10 = 8"
    state = (
        f"CASE WHEN id > {pending} AND id % 10 < 6 THEN 'pending' WHEN id > {pending} AND id % 10 = 6 THEN 'sent'"
        f" WHEN id > {pending} AND id % 10 = 7 THEN 'commit_requested' WHEN {at_work} THEN 'sending'"
        " WHEN id % 500 = 3 THEN 'failed' ELSE 'committed' END"
    )
    common = {"job_id": "job_id", "report_object_id": "id", "created_at": now}
    to_pacs = {
        "destination": "'pacs'",
        "state": state,
        "attempt": "1",
        "enqueued_at": now,
        "lease_owner": f"CASE WHEN {at_work} THEN '{OWNER}' END",
        "lease_until": f"CASE WHEN {at_work} THEN {sql.ago.format('-7200')} END",
        "status": "0",
        "sent_sop_class_uid": "sop_class_uid",
        "sent_sop_instance_uid": "sop_instance_uid",
        "sent_at": now,
        "transaction_uid": "'2.25.9' || job_id",
        "commit_requested_at": now,
    }
    yield insert("deliveries", common | to_pacs, "report_objects")
    held = {"destination": "'research'", "state": "'held'", "attempt": "0"}
    yield insert("deliveries", common | held, "report_objects", "job_id % 100 = 5")


def _audit(size: Size, sql: Dialect) -> Iterator[Insert]:
    lines = size.studies * 2
    line = {
        "sequence": "i",
        "at": sql.ago.format(f"{lines} - i"),
        "actor": "'admin'",
        "action": "'retry'",
        "subject": "'job ' || i",
        "detail": "''",
        "digest": digest("i"),
    }
    yield insert("audit", line, sql.until(lines))
    message = {
        "at": sql.ago.format("i"),
        "message": "'<AuditMessage>' || md5('m' || i) || '</AuditMessage>'",
        "filed_at": sql.ago.format("1"),
    }
    yield insert("audit_messages", message, sql.until(size.studies // 2))
