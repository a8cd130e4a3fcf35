"""Whether a model's outputs change: its scores, refusals and distances week by week and scanner by scanner."""

from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from dashboard import result_fields, week_chart
from dashboard.ask import Ask, page
from dashboard.drifting import LEAST, Drift, begin, drift
from dashboard.week_chart import Chart
from db import drift as reading
from db.engine import database_now, transaction
from models import evaluation, registry
from models.evaluation import COHORTS

WEEKS = (4, 12, 52)
PERCENT = "%"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A figure of the bundle's evaluation beside the same of the window, percent. None: it is not told."""

    name: str
    judged: dict[str, float]  #: by cohort
    here: float | None
    studies: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A model's outputs of a window."""

    model: str
    weeks: int
    drawn: float  #: share of the model's results that were looked at
    drift: Drift
    compared: tuple[Compared, ...]
    means: dict[str, float]  #: of the headline in the evaluation, percent, by cohort


def tell(ask: Ask) -> Told:
    """What an address asks for. Raises ValueError, with words for who asks, when a field makes no sense."""
    known = result_fields.models(ask.parts.settings)
    enabled = [name for name in known if ask.parts.settings.of_model(name).enabled]
    model = ask.query.get("model", "") or next(iter(enabled or known), "")
    weeks = ask.query.get("weeks", "") or str(WEEKS[1])
    if model not in known:
        raise ValueError("there is no such model")
    if weeks not in map(str, WEEKS):
        raise ValueError(f"weeks are {', '.join(map(str, WEEKS))}")
    with transaction(ask.parts.sessions, read_only=True) as s:
        since = begin(database_now(s), int(weeks))
        found = reading.sample(s, model, since=since)
    told = drift(found.outputs, since=since, weeks=int(weeks))
    compared, means = _compare(ask, model, told)
    return Told(model=model, weeks=int(weeks), drawn=found.drawn, drift=told, compared=compared, means=means)


def _compare(ask: Ask, model: str, told: Drift) -> tuple[tuple[Compared, ...], dict[str, float]]:
    """The figures that both the bundle and the window have."""
    judged = None
    if model in registry.names():
        judged = evaluation.evaluation(registry.bundle(model, ask.parts.settings.of_model(model)))
    if judged is None:
        return (), {}
    found, whole, means = [], told.whole, {}
    if told.headline is not None and told.headline.unit == PERCENT:
        means = {cohort: 100 * value for cohort, value in judged.mean_of(told.headline.code).items()}
    if means and told.headline is not None:
        here = None if whole.spread is None else whole.spread.mean
        found.append(
            Compared(name=f"mean of {told.headline.name}", judged=means, here=here, studies=whole.evaluable)
        )  # fmt: skip
    far = {cohort: 100 * value for cohort, value in judged.reference(evaluation.BEYOND).items()}
    if far:
        found.append(
            Compared(name="farther than 99 % of validation", judged=far, here=whole.beyond.percent,
                     studies=whole.beyond.whole)
        )  # fmt: skip
    return tuple(found), means


def charts(told: Told) -> dict[str, Chart]:
    """By name: "score", and shares that a week of the window tells at all."""
    weeks = told.drift.weeks
    mean = told.means.get(COHORTS[0])
    reference = {} if mean is None else {f"mean of evaluation, {mean:.4g} %": mean}
    found = {"score": week_chart.boxes([(monday, cell.spread) for monday, cell in weeks], reference)}
    shares: dict[str, list[tuple[date, float | None]]] = {
        "not evaluable": [(monday, cell.not_evaluable.percent) for monday, cell in weeks],
        "positive": [(monday, cell.positive.percent) for monday, cell in weeks],
        "beyond the training data": [(monday, cell.beyond.percent) for monday, cell in weeks],
    }
    for name, values in shares.items():
        if any(value is not None for _, value in values):
            found[name] = week_chart.bars(values)
    return found


def show(ask: Ask) -> Response:
    """The page."""
    wrong, told = "", None
    try:
        told = tell(ask)
    except ValueError as exc:
        wrong = str(exc)
    return page(
        ask, "drift.html", status=422 if wrong else 200, wrong=wrong, told=told, least=LEAST, most=reading.MOST,
        candidates=reading.CANDIDATES, charts={} if told is None else charts(told), width=week_chart.WIDTH,
        left=week_chart.LEFT, windows=WEEKS, cohorts=COHORTS, models=result_fields.models(ask.parts.settings),
        fields={"model": ask.query.get("model", "") if told is None else told.model,
                "weeks": ask.query.get("weeks", "") if told is None else str(told.weeks)},
    )  # fmt: skip
