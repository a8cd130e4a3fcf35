"""What was received: associations, studies, series, instances, refusals."""

import json
from collections.abc import Iterator

from benchmarks.scale.dialects import Dialect
from benchmarks.scale.size import IMAGES, PER_STUDY, YEAR, Insert, Size, digest, insert, study_uid

_HEADER = {
    "PatientID": "P{k}", "PatientName": "SCALE^{k}", "PatientBirthDate": "19510401", "PatientSex": "F",
    "StudyDescription": "CT THORAX", "SeriesDescription": "Lung 1.0 B60f", "BodyPartExamined": "CHEST",
    "Modality": "CT", "AccessionNumber": "A{k}", "ConvolutionKernel": "B60f", "SliceThickness": 1.0,
    "PixelSpacing": [0.7, 0.7], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "ImagePositionPatient": [-180.0, -180.0, 12.5], "Rows": 512, "Columns": 512,
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "Manufacturer": "SCALE", "KVP": 120,
}  # fmt: skip


def received_rows(size: Size, sql: Dialect) -> Iterator[Insert]:
    """The inserts, in an order in which they can run."""
    studies, series = size.studies, size.studies * 2
    since = sql.ago.format(f"({series} - i) * {YEAR / series}")
    association = {
        "id": "i",
        "calling_ae_title": "'CT' || (i % 40)",
        "called_ae_title": "'OPPORTUNE'",
        "address": "'10.1.2.' || (i % 40)",
        "opened_at": since,
        "closed_at": f"CASE WHEN i > {series - 4} THEN NULL ELSE {since} END",
        "ended": "'released'",
        "refused": "CASE WHEN i % 500 = 9 THEN 'wrong address' END",
        "reported_at": f"CASE WHEN i > {series - size.fresh} THEN NULL ELSE {since} END",
    }
    yield insert("associations", association, sql.until(series))
    begin, end = (sql.ago.format(f"({studies} - i + {more}) * {YEAR / studies}") for more in (1, 0))
    study = {
        "id": "i",
        "study_instance_uid": study_uid("i"),
        "accession_number": "'A' || i",
        "patient_id": "'P' || (i / 2)",
        "issuer_of_patient_id": "''",
        "first_received_at": begin,
        "last_received_at": end,
        "intake_due": f"i > {studies - 6}",
        "intake_digest": digest("i"),
        "intake_at": end,
        "conflict": "CASE WHEN i % 1000 = 7 THEN 'another patient' END",
    }
    yield insert("studies", study, sql.until(studies))
    of_study = study_uid("(i + 1) / 2")
    one_series = {
        "id": "i",
        "study_instance_uid": of_study,
        "series_instance_uid": f"{of_study} || '.' || (1 + (i + 1) % 2)",
        "modality": "CASE WHEN i % 2 = 1 THEN 'DX' ELSE 'CT' END",
        "series_number": "1 + (i + 1) % 2",
        "last_received_at": since,
    }
    yield insert("series", one_series, sql.until(series))
    yield _instances(size, sql)
    refusal = {
        "id": "i",
        "association_id": "i",
        "sop_class_uid": "'1.2'",
        "sop_instance_uid": "'1.2.3.' || i",
        "status": "CASE WHEN i % 10 = 1 THEN 49153 ELSE 42752 END",
        "reason": "'no room'",
        "at": since,
    }
    yield insert("refusals", refusal, sql.until(studies // 2))
    context = {
        "id": "i",
        "association_id": f"1 + i % {series}",
        "abstract_syntax": "'1.2.840.10008.5.1.4.1.1.' || (20 + i % 12)",
        "transfer_syntaxes": sql.of_json(["1.2.840.10008.1.2"]),
    }
    yield insert("refused_contexts", context, sql.until(series * 2))


def _instances(size: Size, sql: Dialect) -> Insert:
    k, r = f"((i - 1) / {PER_STUDY} + 1)", f"((i - 1) % {PER_STUDY})"
    series = f"(2 * {k} - CASE WHEN {r} < {IMAGES} THEN 1 ELSE 0 END)"
    since = sql.ago.format(f"({size.instances} - i) * {YEAR / size.instances}")

    def once_read(value: str) -> str:
        return f"CASE WHEN i <= {size.instances - size.fresh * 20} THEN {value} END"

    header = sql.json.format(f"replace('{json.dumps(_HEADER)}', '{{k}}', CAST({k} AS VARCHAR))")
    state = (
        "CASE WHEN i % 100 = 50 THEN 'duplicate' WHEN i % 1000 = 51 THEN 'conflict'"
        " WHEN i % 10000 = 77 THEN 'unreadable'"
        f" WHEN {k} <= {size.studies // 2} THEN 'purged' ELSE 'indexed' END"
    )
    values = {
        "id": "i",
        "association_id": series,
        "sop_class_uid": "'1.2.840.10008.5.1.4.1.1.2'",
        "sop_instance_uid": f"{study_uid(k)} || '.' || (1 + ({series} + 1) % 2) || '.' || {r}",
        "transfer_syntax_uid": "'1.2.840.10008.1.2.1'",
        "spool_name": "md5('s' || i)",
        "size": "526336",
        "state": f"coalesce({once_read(state)}, 'received')",
        "received_at": since,
        "settled_at": once_read(since),
        "digest": once_read(digest("i")),
        "study_instance_uid": once_read(study_uid(k)),
        "series_id": once_read(series),
        "instance_number": r,
        "header": once_read(header),
    }
    return insert("instances", values, sql.until(size.instances))
