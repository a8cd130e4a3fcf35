"""What programs may ask for."""

from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from dashboard.api.answers import answer, refuse
from dashboard.ask import Ask
from dashboard.audit_looking import look
from dashboard.narrowing import mark, place, wanted
from dashboard.pages.study import uid_of
from dashboard.trying import try_files
from db import audit, deliveries, jobs, processes, study_list
from db import status as counting
from db.engine import transaction
from db.study_list import StudyLine
from db.study_report import describe_study
from screening.reports import DeliveryState

MOST = 200  # rows in one answer


def status(ask: Ask) -> Response:
    """What is where, in numbers, as `opportune status --json`; and which processes run."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        counts, running = counting.counts(s), processes.known(s)
    counts["disk"] = ask.parts.probes.disk(counts["conditions"])
    counts["broker"] = {"ok": ask.parts.probes.broker().ok}
    counts["processes"] = [
        {"role": item.role, "host": item.host, "alive": item.alive, "seen_at": item.seen_at.isoformat()}
        for item in running
    ]
    return answer(counts)


def studies(ask: Ask) -> Response:
    """A page of studies, the newest first. The body may narrow it by a text; the address never holds one."""
    fields = {**ask.query, "text": ""} if not ask.form else ask.form
    try:
        which, after = wanted(fields), place(fields.get("after", ""))
    except ValueError as exc:
        return refuse(422, str(exc))
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = study_list.listed(s, which, after=after, limit=MOST + 1)
    shown = found[:MOST]
    return answer(
        {
            "studies": [_study(line) for line in shown],
            "after": mark(shown[-1]) if len(found) > MOST else None,
        }
    )


def study(ask: Ask) -> Response:
    """Everything of a study, as `opportune study show --json`, without the patient. That it is asked for is audited."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        uid = uid_of(s, ask.values["study_id"])
        told = describe_study(s, uid, quiet_seconds=ask.parts.settings.node.quiet_seconds)
    with transaction(ask.parts.sessions) as s:
        audit.record(s, actor=ask.user.name, action="view", subject=f"study {uid}", detail="by a program")
    return answer({"study_id": ask.values["study_id"], **told})


def quarantine(ask: Ask) -> Response:
    """Jobs in quarantine, the oldest first."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = jobs.quarantined(s, MOST)
        known = study_list.brief(s, [job.study_instance_uid for job in found])
    rows = [
        {"job_id": job.job_id, "study_id": known[job.study_instance_uid].study_id, "model": job.model_name,
         "attempt": job.attempt, "reason": job.reason, "created_at": job.created_at.isoformat()}
        for job in found
    ]  # fmt: skip
    return answer({"jobs": rows})


def failed_deliveries(ask: Ask) -> Response:
    """Deliveries that were refused for good."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = deliveries.in_state(s, DeliveryState.FAILED, limit=MOST)
        known = study_list.brief(s, [item.study_instance_uid for item in found])
    rows = [
        {"delivery_id": item.delivery_id, "study_id": known[item.study_instance_uid].study_id,
         "destination": item.destination, "object": item.role, "kind": item.kind.value, "attempt": item.attempt,
         "status": item.status, "detail": item.detail}
        for item in found
    ]  # fmt: skip
    return answer({"deliveries": rows})


def rules(ask: Ask) -> Response:
    """Which models would run on the files in the body, and why the others would not. Nothing of them is kept."""
    return answer(asdict(try_files(ask.parts.settings, ask.files)))


def audit_trail(ask: Ask) -> Response:
    """Lines of the audit trail, the newest first. The body may narrow it by a subject; the address never holds one."""
    fields = {**ask.query, "subject": ""} if not ask.form else ask.form
    try:
        looked = look(ask, fields, limit=MOST)
    except ValueError as exc:
        return refuse(422, str(exc))
    rows = [
        {"line": item.sequence, "at": item.at.isoformat(), "actor": item.actor, "action": item.action,
         "subject": item.subject, "detail": item.detail, "digest": item.digest,
         "sound": item.sequence not in looked.unsound}
        for item in looked.found.entries
    ]  # fmt: skip
    return answer({"lines": rows, "before": looked.found.before})


def _study(line: StudyLine) -> dict[str, Any]:
    return {
        "study_id": line.study_id,
        "study_instance_uid": line.study_instance_uid,
        "accession_number": line.accession_number,
        "first_received_at": line.first_received_at.isoformat(),
        "waiting": line.waiting,
        "conflict": line.conflict,
        "modalities": list(line.modalities),
        "jobs": [{"model": job.model, "state": job.state, "deliveries": dict(job.deliveries)} for job in line.jobs],
    }
