"""What programs may ask about models and what they found."""

from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from dashboard import result_fields
from dashboard.api.answers import answer, refuse
from dashboard.ask import Ask
from dashboard.drifting import LEAST
from dashboard.pages.drift import tell
from dashboard.result_fields import UNKNOWN
from db import audit, model_counts, result_list
from db.engine import transaction
from db.model_counts import ModelCount
from db.result_list import ResultLine
from models import installed
from models.installed import Installed

MOST = 200  # rows in one answer


def models(ask: Ask) -> Response:
    """The bundle in force for each model, and how much it did."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        counts = model_counts.of_models(s)
    found = installed.installed(ask.parts.settings)
    return answer({"models": [_model(item, counts.get(item.name, ModelCount())) for item in found]})


def _model(item: Installed, count: ModelCount) -> dict[str, Any]:
    card, judged = item.card, item.evaluation
    of_card = {} if card is None else {
        "version": card.version, "title": card.title, "evidence": card.evidence.value,
        "weights_sha256": card.weights_sha256, "intended_use": card.intended_use, "population": card.population,
        "limits": list(card.limits), "trained_on": card.trained_on, "banner": card.banner,
    }  # fmt: skip
    return {
        "name": item.name, "enabled": item.settings.enabled, "shipped": item.shipped, "reads": item.about.get("input"),
        "integrity": {"state": item.integrity.state, "good": item.integrity.good, "detail": item.integrity.detail},
        **of_card,
        "evaluation": None if judged is None else {
            name: {cohort: asdict(figure) for cohort, figure in figures.items()}
            for name, figures in judged.judged.items()
        },
        "counts": {"findings": count.findings, "not_evaluable": count.not_evaluable,
                   "quarantined": count.quarantined, "waiting": count.waiting},
        "last_result": None if count.last is None else {
            "at": count.last.at.isoformat(), "study_id": count.last.study_id, "version": count.last.version,
            "kind": count.last.kind, "code": count.last.code, "engine": count.last.engine,
        },
    }  # fmt: skip


def results(ask: Ask) -> Response:
    """A page of results, the newest first. That it is asked for is audited."""
    try:
        which = result_fields.wanted(ask.query, ask.parts.settings)
        begin = result_fields.before(ask.query.get("before", ""))
    except ValueError as exc:
        return refuse(422, str(exc))
    levels = installed.evidence_of(ask.parts.settings)
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = result_list.listed(s, which, before=begin, limit=MOST)
        held = result_list.held(s)
    if found.lines:
        with transaction(ask.parts.sessions) as s:
            told = f"{len(found.lines)} of them, by a program"
            audit.record(s, actor=ask.user.name, action="view", subject="results", detail=told)
    rows = [
        {**_line(line), "evidence": levels[key].value if (key := (line.model, line.version)) in levels else UNKNOWN}
        for line in found.lines
    ]
    return answer({"results": rows, "before": found.before, "held": held})


def _line(line: ResultLine) -> dict[str, Any]:
    return {
        "result_id": line.result_id, "study_id": line.study_id, "accession_number": line.accession_number,
        "model": line.model, "version": line.version, "at": line.at.isoformat(), "superseded": line.superseded,
        "answer": line.answer.value, "stratum": line.stratum or None, "code": line.code, "reason": line.reason,
        "headline": None if line.headline is None else asdict(line.headline),
        "out_of_distribution": line.out_of_distribution, "deliveries": [asdict(item) for item in line.sent],
    }  # fmt: skip


def drift(ask: Ask) -> Response:
    """What a model's outputs were like, as the page shows it. Shares are of so many: `part` of `whole`."""
    try:
        told = tell(ask)
    except ValueError as exc:
        return refuse(422, str(exc))
    return answer({"least": LEAST, **asdict(told), "drift": _without_value(asdict(told.drift))})


def _without_value(found: dict[str, Any]) -> dict[str, Any]:
    """The headline's name and unit; the value is any study's."""
    head = found["headline"]
    return {**found, "headline": None if head is None else {key: head[key] for key in ("code", "name", "unit")}}
