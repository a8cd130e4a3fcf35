"""What was decided and worked on: selections, jobs with their history, results and findings."""

import json
from collections.abc import Iterator

from benchmarks.scale.dialects import Dialect
from benchmarks.scale.size import IMAGES, JOBS, OWNER, PER_STUDY, YEAR, Insert, Size, digest, insert, study_uid

MODELS = (
    "cap_mortality_cxr", "pediatric_age_cxr", "spine_fracture_xr", "ssc_ild_mortality_ct", "bone_muscle_ct"
)  # fmt: skip

DONE = "state IN ('inferred', 'superseded')"

_K = f"((i - 1) / {JOBS} + 1)"
_MODEL = "CASE i % 5 " + " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(MODELS)) + " END"
_VERSION = f"CASE WHEN i % {JOBS} < 5 THEN '1.0.0' ELSE '1.1.0' END"


def screened_rows(size: Size, sql: Dialect) -> Iterator[Insert]:
    """The inserts, in an order in which they can run."""
    yield from _selections(size, sql)
    yield _jobs(size, sql)
    yield from _outcomes(sql)
    for before, after in (("NULL", "ready"), ("'ready'", "claimed"), ("'claimed'", "inferred")):
        event = {
            "job_id": "id",
            "from_state": before,
            "to_state": f"'{after}'",
            "at": "created_at",
            "attempt": "1",
            "owner": f"'{OWNER}'",
        }
        yield insert("job_events", event, "jobs", "" if after == "ready" else DONE)


def _selections(size: Size, sql: Dialect) -> Iterator[Insert]:
    common = {
        "study_instance_uid": study_uid(_K),
        "model_name": _MODEL,
        "model_version": _VERSION,
        "sop_instance_uids": sql.of_json([]),
        "at": sql.ago.format(f"({size.jobs} - i) * {YEAR / size.jobs}"),
    }
    decision = {
        "kind": "'decision'",
        "code": "CASE WHEN i % 3 = 0 THEN 'ineligible' WHEN i % 7 = 0 THEN 'not-indicated' ELSE 'eligible' END",
        "reason": "'a reason of some words, as they are'",
    }
    yield insert("selections", common | decision, sql.until(size.jobs))
    of_series = {
        "kind": "CASE WHEN i % 3 = 0 THEN 'rejected' ELSE 'chosen' END",
        "code": "CASE WHEN i % 3 = 0 THEN 'code-' || (i % 13) ELSE 'chosen' END",
        "reason": "'another reason'",
        "series_instance_uid": f"{study_uid(_K)} || '.1'",
    }
    yield insert("selections", common | of_series, sql.until(size.jobs))
    context = {
        "patient_id": "'P' || i",
        "issuer_of_patient_id": "''",
        "kind": "'item'",
        "name": "'bmi'",
        "value": "25.5",
        "imported_at": sql.ago.format("i"),
    }
    yield insert("clinical_context", context, sql.until(size.studies // 2))


def _jobs(size: Size, sql: Dialect) -> Insert:
    ready = size.jobs - size.ready
    waiting = ready - max(20, size.jobs // 5000)
    claimed = waiting - 32
    state = (
        f"CASE WHEN i > {ready} THEN 'ready' WHEN i > {waiting} THEN 'retry_wait' WHEN i > {claimed} THEN 'claimed'"
        " WHEN i % 500 = 7 THEN 'quarantined' WHEN i % 5000 = 9 THEN 'dismissed' WHEN i % 20 = 1 THEN 'superseded'"
        " ELSE 'inferred' END"
    )
    on_ct = "i % 5 > 2"
    series = f"{study_uid(_K)} || CASE WHEN {on_ct} THEN '.2' ELSE '.1' END"
    slices = json.dumps([f"{{s}}.{number}" for number in range(IMAGES, PER_STUDY)])
    images = f"CASE WHEN {on_ct} THEN replace('{slices}', '{{s}}', {series}) ELSE '[\"' || {series} || '.0\"]' END"

    def at_work(value: str) -> str:
        return f"CASE WHEN i <= {waiting} AND i > {claimed} THEN {value} END"

    values = {
        "id": "i",
        "study_instance_uid": study_uid(_K),
        "series_instance_uid": series,
        "sop_instance_uids": sql.json.format(images),
        "input_digest": digest(_K),
        "context": sql.of_json({"diagnoses": [], "items": {}}),
        "model_name": _MODEL,
        "model_version": _VERSION,
        "config_digest": digest("'config'"),
        "queue": "'screen'",
        "state": state,
        "attempt": f"CASE WHEN i > {ready} THEN 0 ELSE 1 END",
        "attempt_base": "0",
        "maximum_attempts": "3",
        "lease_owner": at_work(f"'{OWNER}'"),
        "lease_until": at_work(sql.ago.format("-7200")),
        "next_attempt_at": f"CASE WHEN i <= {ready} AND i > {waiting} THEN {sql.ago.format('-7200')} END",
        "enqueued_at": f"CASE WHEN i > {ready} THEN {sql.ago.format('5')} END",
        "created_at": sql.ago.format(f"({size.jobs} - i) * {YEAR / size.jobs}"),
        "reason": "CASE WHEN i % 500 = 7 THEN 'it failed' END",
    }
    return insert("jobs", values, sql.until(size.jobs))


def _outcomes(sql: Dialect) -> Iterator[Insert]:
    refused = "id % 10 = 3"
    result = {
        "job_id": "id",
        "kind": f"CASE WHEN {refused} THEN 'not_evaluable' ELSE 'findings' END",
        "code": f"CASE WHEN {refused} THEN 'code-' || (id % 7) END",
        "reason": f"CASE WHEN {refused} THEN 'cut off' END",
        "conclusion": f"CASE WHEN {refused} THEN NULL ELSE 'Low risk.' END",
        "notes": sql.of_json(["simulated"]),
        "out_of_distribution": "0.2",
        "created_at": "created_at",
    }
    yield insert("results", result, "jobs", DONE)
    finding = {
        "job_id": "id",
        "group_index": "0",
        "position": "i",
        "tracking_identifier": "'mortality'",
        "name_value": "'RISK' || i",
        "name_scheme": "'99OPPORTUNE'",
        "name_meaning": "'Probability of death'",
        "value": "12.5",
        "unit_value": "'%'",
        "unit_scheme": "'UCUM'",
        "unit_meaning": "'percent'",
        "horizon_days": "30 * i",
        "low": "10.0",
        "high": "15.0",
    }
    yield insert("findings", finding, f"jobs, {sql.until(4)}", f"{DONE} AND NOT {refused}")
