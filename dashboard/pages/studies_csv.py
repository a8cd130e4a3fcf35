"""The table of studies as a file: a line for each study and model, as narrowed. That it was taken is audited."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from dashboard.ask import Ask, page
from dashboard.csv_text import BEGINNING, lines
from dashboard.narrowing import wanted
from db import audit, patients, study_list
from db.engine import database_now, transaction
from db.study_list import Place, StudyLine, Wanted
from screening.header import Header

AT_ONCE = 500  # studies read in one transaction: a file may take minutes to fetch

_COLUMNS = (
    "study", "received", "accession_number", "study_instance_uid", "modalities", "conflict", "waiting", "model",
    "state", "deliveries",
)  # fmt: skip
_OF_PATIENT = {
    "patient_name": "PatientName", "patient_id": "PatientID", "birth_date": "PatientBirthDate", "sex": "PatientSex"
}  # fmt: skip


def export(ask: Ask) -> Response:
    """The file. Patients are in it if who asks sees names and asks for them."""
    try:
        which = wanted(ask.form)
    except ValueError as exc:
        why = str(exc)
        return page(ask, "refused.html", status=422, why=why[:1].upper() + why[1:] + ".")
    names = ask.sees_names and ask.form.get("names") == "yes"
    portions = _portions(ask, which, names=names)
    first = next(portions)  # while it can still be told that the database does not answer
    with transaction(ask.parts.sessions) as s:
        day = database_now(s).astimezone().date()
        audit.record(s, actor=ask.user.name, action="export", subject="studies", detail=_told(ask.form, names=names))
    headers = {"Content-Disposition": f'attachment; filename="studies-{day}.csv"'}
    return StreamingResponse(_text(first, portions, names=names), media_type="text/csv", headers=headers)


def _told(fields: Mapping[str, str], *, names: bool) -> str:
    """What of the table was taken. A search's text stays out."""
    known = [f"{name} {fields[name]}" for name in ("state", "model", "since", "until") if fields.get(name)]
    known += ["found by a search"] if fields.get("text", "").strip() else []
    return "; ".join(["with patients' names" if names else "without names", *known])


Portion = tuple[list[StudyLine], dict[str, Header]]


def _portions(ask: Ask, which: Wanted, *, names: bool) -> Iterator[Portion]:
    after: Place | None = None
    while True:
        with transaction(ask.parts.sessions, read_only=True) as s:
            found = study_list.listed(s, which, after=after, limit=AT_ONCE)
            known = patients.headers_of(s, [line.study_instance_uid for line in found]) if names else {}
        yield found, known
        if len(found) < AT_ONCE:
            return
        after = Place(at=found[-1].first_received_at, study_id=found[-1].study_id)


def _text(first: Portion, rest: Iterator[Portion], *, names: bool) -> Iterator[str]:
    yield BEGINNING + lines([(*_COLUMNS, *(_OF_PATIENT if names else ()))])
    yield _lines(first, names=names)
    for portion in rest:
        yield _lines(portion, names=names)


def _lines(portion: Portion, *, names: bool) -> str:
    found, known = portion
    return lines(
        (*row, *_patient(known.get(line.study_instance_uid))) if names else row for line in found for row in _rows(line)
    )


def _rows(line: StudyLine) -> Iterator[tuple[Any, ...]]:
    """A row for each model that has a job or a decision; one for a study that has neither."""
    study = (
        line.study_id, line.first_received_at.astimezone().isoformat(timespec="seconds"), line.accession_number,
        line.study_instance_uid, " ".join(line.modalities), "yes" if line.conflict else "",
        "yes" if line.waiting else "",
    )  # fmt: skip
    for job in line.jobs:
        yield (*study, job.model, job.state, "; ".join(f"{n} {state}" for state, n in sorted(job.deliveries.items())))
    for model, code in line.decisions:
        yield (*study, model, code, "")
    if not line.jobs and not line.decisions:
        yield (*study, "", "", "")


def _patient(header: Header | None) -> tuple[str, ...]:
    return tuple("" if header is None else header.text(keyword) for keyword in _OF_PATIENT.values())
