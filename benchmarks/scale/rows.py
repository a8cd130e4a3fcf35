"""A year of a hospital network, as INSERT ... SELECT: a study in a hundred instances, ten jobs on each study.

Study k has a series of two radiographs and a CT of 98 slices. Half of the studies are so old that they were purged. Most
jobs are inferred and most deliveries committed; some are in every other state.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.scale.dialects import Dialect

MODELS = (
    "cap_mortality_cxr", "pediatric_age_cxr", "spine_fracture_xr", "ssc_ild_mortality_ct", "bone_muscle_ct"
)  # fmt: skip
IMAGES, SLICES, JOBS = 2, 98, 10  # of a study
PER_STUDY = IMAGES + SLICES
YEAR = 365 * 86400
BODY = bytes(128) + b"DICM"
OWNER = "worker-1:17:0a1b2c3d"

_HEADER = {
    "PatientID": "P{k}", "PatientName": "SCALE^{k}", "PatientBirthDate": "19510401", "PatientSex": "F",
    "StudyDescription": "CT THORAX", "SeriesDescription": "Lung 1.0 B60f", "BodyPartExamined": "CHEST", "Modality": "CT",
    "AccessionNumber": "A{k}", "ConvolutionKernel": "B60f", "SliceThickness": 1.0, "PixelSpacing": [0.7, 0.7],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [-180.0, -180.0, 12.5], "Rows": 512,
    "Columns": 512, "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "Manufacturer": "SCALE", "KVP": 120,
}  # fmt: skip


def study_uid(k: str) -> str:
    """SQL of a Study Instance UID. Neighbours in time are none in the order of UIDs, as in life."""
    return f"('1.2.826.0.1.3680043.8.498.' || (({k}) * 2654435761 % 4294967296 + 10000000000) || '.' || ({k}))"


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much of everything."""

    instances: int

    def __post_init__(self) -> None:
        if self.instances < 10_000 or self.instances % PER_STUDY:
            raise ValueError(f"instances must be 10000 or more, in hundreds, got {self.instances}")

    @property
    def studies(self) -> int:
        """One in a hundred instances."""
        return self.instances // PER_STUDY

    @property
    def jobs(self) -> int:
        """Ten on each study."""
        return self.studies * JOBS


def statements(size: Size, sql: Dialect) -> Iterator[tuple[str, str]]:
    """(table, INSERT), in an order in which they can run."""
    for make in (_received, _decided, _worked, _sent, _told):
        yield from make(size, sql)


def _insert(table: str, columns: str, values: str, source: str, where: str = "") -> tuple[str, str]:
    return table, f"INSERT INTO {table} ({columns}) SELECT {values} FROM {source} {where and 'WHERE ' + where}"


def _received(size: Size, sql: Dialect) -> Iterator[tuple[str, str]]:
    studies, series, step = size.studies, size.studies * 2, YEAR / size.instances
    since_series = sql.ago.format(f"({series} - i) * {YEAR / series}")
    fresh = max(20, size.studies // 5000)
    yield _insert(
        "associations",
        "id, calling_ae_title, called_ae_title, address, opened_at, closed_at, ended, refused, reported_at",
        f"i, 'CT' || (i % 40), 'OPPORTUNE', '10.1.2.' || (i % 40), {since_series},"
        f" CASE WHEN i > {series - 4} THEN NULL ELSE {since_series} END, 'released',"
        f" CASE WHEN i % 500 = 9 THEN 'wrong address' END, CASE WHEN i > {series - fresh} THEN NULL"
        f" ELSE {since_series} END",
        sql.until(series),
    )
    yield _insert(
        "studies",
        "id, study_instance_uid, accession_number, patient_id, issuer_of_patient_id, first_received_at,"
        " last_received_at, intake_due, intake_digest, intake_at, conflict",
        f"i, {study_uid('i')}, 'A' || i, 'P' || (i / 2), '', {sql.ago.format(f'({studies} - i + 1) * {YEAR / studies}')},"
        f" {sql.ago.format(f'({studies} - i) * {YEAR / studies}')}, i > {studies - 6}, md5('in' || i) || md5('to' || i),"
        f" {sql.ago.format(f'({studies} - i) * {YEAR / studies}')},"
        " CASE WHEN i % 1000 = 7 THEN 'another patient' END",
        sql.until(studies),
    )
    yield _insert(
        "series",
        "id, study_instance_uid, series_instance_uid, modality, series_number, last_received_at",
        f"i, {study_uid('(i + 1) / 2')}, {study_uid('(i + 1) / 2')} || '.' || (1 + (i + 1) % 2),"
        f" CASE WHEN i % 2 = 1 THEN 'DX' ELSE 'CT' END, 1 + (i + 1) % 2, {since_series}",
        sql.until(series),
    )
    k, r, settled = f"((i - 1) / {PER_STUDY} + 1)", f"((i - 1) % {PER_STUDY})", f"i <= {size.instances - fresh * 20}"
    number = f"(2 * {k} - CASE WHEN {r} < {IMAGES} THEN 1 ELSE 0 END)"
    header = sql.json.format(f"replace('{json.dumps(_HEADER)}', '{{k}}', CAST({k} AS VARCHAR))")
    since = sql.ago.format(f"({size.instances} - i) * {step}")
    yield _insert(
        "instances",
        "id, association_id, sop_class_uid, sop_instance_uid, transfer_syntax_uid, spool_name, size, state, received_at,"
        " settled_at, digest, study_instance_uid, series_id, instance_number, header",
        f"i, {number}, '1.2.840.10008.5.1.4.1.1.2', {study_uid(k)} || '.' || (1 + ({number} + 1) % 2) || '.' || {r},"
        f" '1.2.840.10008.1.2.1', md5('s' || i), 526336, CASE WHEN NOT {settled} THEN 'received'"
        " WHEN i % 100 = 50 THEN 'duplicate' WHEN i % 1000 = 51 THEN 'conflict' WHEN i % 10000 = 77 THEN 'unreadable'"
        f" WHEN {k} <= {size.studies // 2} THEN 'purged' ELSE 'indexed' END, {since},"
        f" CASE WHEN {settled} THEN {since} END, CASE WHEN {settled} THEN md5('d' || i) || md5('e' || i) END,"
        f" CASE WHEN {settled} THEN {study_uid(k)} END, CASE WHEN {settled} THEN {number} END, {r},"
        f" CASE WHEN {settled} THEN {header} END",
        sql.until(size.instances),
    )
    yield _insert(
        "refusals", "id, association_id, sop_class_uid, sop_instance_uid, status, reason, at",
        f"i, i, '1.2', '1.2.3.' || i, CASE WHEN i % 10 = 1 THEN 49153 ELSE 42752 END, 'no room', {since_series}",
        sql.until(studies // 2),
    )  # fmt: skip
    syntaxes = sql.json.format("'[\"1.2.840.10008.1.2\"]'")
    yield _insert(
        "refused_contexts", "id, association_id, abstract_syntax, transfer_syntaxes",
        f"i, 1 + i % {series}, '1.2.840.10008.5.1.4.1.1.' || (20 + i % 12), {syntaxes}",
        sql.until(series * 2),
    )  # fmt: skip


def _model(number: str) -> str:
    return f"CASE {number} " + " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(MODELS)) + " END"


def _decided(size: Size, sql: Dialect) -> Iterator[tuple[str, str]]:
    asked, k = size.studies * JOBS, f"((i - 1) / {JOBS} + 1)"
    columns = (
        "study_instance_uid, model_name, model_version, kind, code, reason, series_instance_uid, sop_instance_uids, at"
    )
    common = f"{study_uid(k)}, {_model('i % 5')}, CASE WHEN i % {JOBS} < 5 THEN '1.0.0' ELSE '1.1.0' END"
    at, none = sql.ago.format(f"({asked} - i) * {YEAR / asked}"), sql.json.format("'[]'")
    yield _insert(
        "selections", columns,
        f"{common}, 'decision', CASE WHEN i % 3 = 0 THEN 'ineligible' WHEN i % 7 = 0 THEN 'not-indicated' ELSE 'eligible'"
        f" END, 'a reason of some words, as they are', NULL, {none}, {at}",
        sql.until(asked),
    )  # fmt: skip
    yield _insert(
        "selections", columns,
        f"{common}, CASE WHEN i % 3 = 0 THEN 'rejected' ELSE 'chosen' END,"
        f" CASE WHEN i % 3 = 0 THEN 'code-' || (i % 13) ELSE 'chosen' END, 'another reason', {study_uid(k)} || '.1', {none},"
        f" {at}",
        sql.until(asked),
    )  # fmt: skip
    yield _insert(
        "clinical_context", "patient_id, issuer_of_patient_id, kind, name, value, meaning, imported_at",
        f"'P' || i, '', 'item', 'bmi', 25.5, NULL, {sql.ago.format('i')}",
        sql.until(size.studies // 2),
    )  # fmt: skip


def _worked(size: Size, sql: Dialect) -> Iterator[tuple[str, str]]:
    k, jobs = f"((i - 1) / {JOBS} + 1)", size.jobs
    ready = jobs - max(100, jobs // 500)
    waiting, claimed = ready - max(20, jobs // 5000), ready - max(20, jobs // 5000) - 32
    state = (
        f"CASE WHEN i > {ready} THEN 'ready' WHEN i > {waiting} THEN 'retry_wait' WHEN i > {claimed} THEN 'claimed'"
        " WHEN i % 500 = 7 THEN 'quarantined' WHEN i % 5000 = 9 THEN 'dismissed' WHEN i % 20 = 1 THEN 'superseded'"
        " ELSE 'inferred' END"
    )
    on_ct, at = "i % 5 > 2", sql.ago.format(f"({jobs} - i) * {YEAR / jobs}")
    series = f"{study_uid(k)} || CASE WHEN {on_ct} THEN '.2' ELSE '.1' END"
    slices = json.dumps([f"{{s}}.{number}" for number in range(IMAGES, PER_STUDY)])
    images = f"CASE WHEN {on_ct} THEN replace('{slices}', '{{s}}', {series}) ELSE '[\"' || {series} || '.0\"]' END"
    context = sql.json.format("'" + json.dumps({"diagnoses": [], "items": {}}) + "'")
    yield _insert(
        "jobs",
        "id, study_instance_uid, series_instance_uid, sop_instance_uids, input_digest, context, model_name, model_version,"
        " config_digest, queue, state, attempt, attempt_base, maximum_attempts, lease_owner, lease_until, next_attempt_at,"
        " enqueued_at, created_at, reason",
        f"i, {study_uid(k)}, {series}, {sql.json.format(images)}, md5('a' || {k}) || md5('b' || {k}),"
        f" {context}, {_model('i % 5')},"
        f" CASE WHEN i % {JOBS} < 5 THEN '1.0.0' ELSE '1.1.0' END, md5('config') || md5('config'), 'screen', {state},"
        f" CASE WHEN i > {ready} THEN 0 ELSE 1 END, 0, 3,"
        f" CASE WHEN i <= {waiting} AND i > {claimed} THEN '{OWNER}' END,"
        f" CASE WHEN i <= {waiting} AND i > {claimed} THEN {sql.ago.format('-7200')} END,"
        f" CASE WHEN i <= {ready} AND i > {waiting} THEN {sql.ago.format('-7200')} END,"
        f" CASE WHEN i > {ready} THEN {sql.ago.format('5')} END, {at}, CASE WHEN i % 500 = 7 THEN 'it failed' END",
        sql.until(jobs),
    )
    notes = sql.json.format("'[\"simulated\"]'")
    done = "state IN ('inferred', 'superseded')"
    yield _insert(
        "results", "job_id, kind, code, reason, conclusion, notes, out_of_distribution, created_at",
        "id, CASE WHEN id % 10 = 3 THEN 'not_evaluable' ELSE 'findings' END,"
        " CASE WHEN id % 10 = 3 THEN 'code-' || (id % 7) END, CASE WHEN id % 10 = 3 THEN 'cut off' END,"
        f" CASE WHEN id % 10 = 3 THEN NULL ELSE 'Low risk.' END, {notes}, 0.2, created_at",
        "jobs", done,
    )  # fmt: skip
    yield _insert(
        "findings",
        "job_id, group_index, position, tracking_identifier, name_value, name_scheme, name_meaning, value, unit_value,"
        " unit_scheme, unit_meaning, horizon_days, low, high",
        "id, 0, i, 'mortality', 'RISK' || i, '99OPPORTUNE', 'Probability of death', 12.5, '%', 'UCUM', 'percent', 30 * i,"
        " 10.0, 15.0",
        f"jobs, {sql.until(4)}", f"{done} AND id % 10 <> 3",
    )  # fmt: skip
    arrows = (("NULL", "ready", 0), ("'ready'", "claimed", 1), ("'claimed'", "inferred", 1))
    for before, after, attempt in arrows:
        yield _insert(
            "job_events", "job_id, from_state, to_state, at, attempt, owner",
            f"id, {before}, '{after}', created_at, {attempt}, '{OWNER}'", "jobs", done if attempt else "",
        )  # fmt: skip


def _sent(size: Size, sql: Dialect) -> Iterator[tuple[str, str]]:
    body, digest = sql.bytes.format(BODY.hex()), hashlib.sha256(BODY).hexdigest()
    for number, (kind, role) in enumerate((("sc", "card"), ("sr", "measurements"))):
        yield _insert(
            "report_objects",
            "id, job_id, kind, role, sop_class_uid, sop_instance_uid, series_instance_uid, encoded, sha256",
            f"2 * id - {1 - number}, id, '{kind}', '{role}', '1.2.840.10008.5.1.4.1.1.7', '2.25.' ||"
            f" (id * 2654435761 % 4294967296 + 10000000000) || '{number}' || id, '2.25.' || id, {body}, '{digest}'",
            "jobs", "state IN ('inferred', 'superseded')",
        )  # fmt: skip
    last = size.jobs * 2
    pending, failed = last - max(2000, last // 200), last - max(1000, last // 400)
    state = (
        f"CASE WHEN id > {pending} AND id % 10 < 6 THEN 'pending' WHEN id > {pending} AND id % 10 = 6 THEN 'sent'"
        f" WHEN id > {pending} AND id % 10 = 7 THEN 'commit_requested' WHEN id > {failed} AND id % 10 = 8 THEN 'sending'"
        " WHEN id % 500 = 3 THEN 'failed' ELSE 'committed' END"
    )
    columns = (
        "job_id, report_object_id, destination, state, attempt, enqueued_at, lease_owner, lease_until, status,"
        " sent_sop_class_uid, sent_sop_instance_uid, sent_at, transaction_uid, commit_requested_at, created_at"
    )
    now, later = sql.ago.format("5"), sql.ago.format("-7200")
    yield _insert(
        "deliveries", columns,
        f"job_id, id, 'pacs', {state}, 1, {now}, CASE WHEN id > {failed} AND id % 10 = 8 THEN '{OWNER}' END,"
        f" CASE WHEN id > {failed} AND id % 10 = 8 THEN {later} END, 0, sop_class_uid, sop_instance_uid, {now},"
        f" '2.25.9' || job_id, {now}, {now}",
        "report_objects",
    )  # fmt: skip
    yield _insert(
        "deliveries", columns,
        f"job_id, id, 'research', 'held', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {now}",
        "report_objects", "job_id % 10 = 5",
    )  # fmt: skip
    for before, after in (("NULL", "pending"), ("'pending'", "sending"), ("'sending'", "sent"), ("'sent'", "committed")):
        yield _insert(
            "job_events", "job_id, delivery_id, from_state, to_state, at, attempt, owner",
            f"job_id, id, {before}, '{after}', {now}, 1, '{OWNER}'", "deliveries", "state = 'committed'",
        )  # fmt: skip
    yield _insert(
        "commitments", "transaction_uid, destination, requested_at, reported_at", f"'2.25.9' || i, 'pacs', {now}, {now}",
        sql.until(size.jobs),
    )  # fmt: skip


def _told(size: Size, sql: Dialect) -> Iterator[tuple[str, str]]:
    yield _insert(
        "audit", "sequence, at, actor, action, subject, detail, digest",
        f"i, {sql.ago.format(f'{size.studies * 2} - i')}, 'admin', 'retry', 'job ' || i, '', md5('x' || i) || md5('y' || i)",
        sql.until(size.studies * 2),
    )  # fmt: skip
    yield _insert(
        "audit_messages", "at, message, filed_at, sent_at",
        f"{sql.ago.format('i')}, '<AuditMessage>' || md5('m' || i) || '</AuditMessage>', {sql.ago.format('1')}, NULL",
        sql.until(size.studies // 2),
    )  # fmt: skip
