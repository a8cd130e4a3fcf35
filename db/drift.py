"""A model's outputs of some weeks, with the scanner that each image came from.

There is no index of results by model or moment. Results are numbered as they are stored, so that the first of a window
is found by halving. Of a window with more results of all models than `CANDIDATES`, that many are drawn at random, and
of those of the model at most `MOST`: every share and quantile of such a part stands for the whole, but what is rare may
be missing from it.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Select, and_, cast, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from db.by_time import first_from
from db.tables import FindingRow, InstanceRow, JobRow, ResultRow, SeriesRow
from screening.codes import RISK_HIGH, RISK_STRATUM
from screening.jobs import JobState

CANDIDATES = 6_000
"""Results of all models among which those of one are looked for."""

MOST = 1_200
"""Results of the model that are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """The first measurement of the first group of findings."""

    code: str
    name: str
    unit: str
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """One result of the model."""

    study_instance_uid: str
    version: str
    at: datetime  #: when it was stored
    code: str | None  #: why not evaluable; None: it was
    headline: Headline | None  #: None: not evaluable
    high: bool | None  #: whether the risk stratum is high; None: there is none
    out_of_distribution: float | None
    manufacturer: str
    scanner: str  #: Manufacturer's Model Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What was looked at."""

    outputs: tuple[Output, ...]  #: of the model, the oldest first, without superseded ones
    drawn: float  #: share of the model's results in the window that they are, about; 1: all of them


def sample(s: Session, model: str, *, since: datetime) -> Sample:
    """The outputs of a model from a moment on."""
    first, last = first_from(s, ResultRow.created_at, since), s.scalar(select(func.max(ResultRow.id))) or 0
    number = max(last - first + 1, 0)
    draw = random.Random(last)  # noqa: S311 (no secret; the same page again shows the same)
    query = (
        select(ResultRow.id)
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .where(ResultRow.created_at >= since, JobRow.model_name == model, JobRow.state != JobState.SUPERSEDED)
    )
    if number <= CANDIDATES:
        ids = s.scalars(query.where(ResultRow.id.between(first, last))).all()
    else:  # drawn, not every tenth: the models of a study follow each other in the same order
        drawn = draw.sample(range(first, last + 1), CANDIDATES)
        ids = s.scalars(query.where(_among(s, ResultRow.id, drawn))).all()
    taken = ids if len(ids) <= MOST else draw.sample(sorted(ids), MOST)
    share = min(CANDIDATES / number, 1.0) * len(taken) / len(ids) if ids else 1.0
    return Sample(outputs=_outputs(s, taken), drawn=share)


def _among(s: Session, column: Any, numbers: Sequence[int]) -> ColumnElement[bool]:
    """Whether the column is one of many numbers, which travel as one value: thousands of parameters take long."""
    text = json.dumps(list(numbers))
    if s.get_bind().dialect.name == "sqlite":
        values = func.json_each(text).table_valued("value")
    else:
        values = func.json_array_elements_text(cast(literal(text), JSON)).table_valued("value")
    chosen: Select[Any] = select(cast(values.c.value, BigInteger))
    found: ColumnElement[bool] = column.in_(chosen)
    return found


def _outputs(s: Session, ids: Sequence[int]) -> tuple[Output, ...]:
    other = aliased(InstanceRow)
    some = select(other.id).where(other.series_id == SeriesRow.id, other.header.is_not(None)).limit(1).scalar_subquery()
    header = type_coerce(InstanceRow.header, JSON)
    series = and_(
        SeriesRow.study_instance_uid == JobRow.study_instance_uid,
        SeriesRow.series_instance_uid == JobRow.series_instance_uid,
    )
    query = (
        select(
            ResultRow.job_id, ResultRow.kind, ResultRow.code, ResultRow.out_of_distribution, ResultRow.created_at,
            JobRow.study_instance_uid, JobRow.model_version, header["Manufacturer"].as_string().label("maker"),
            header["ManufacturerModelName"].as_string().label("scanner"),
        )
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .outerjoin(SeriesRow, series)
        .outerjoin(InstanceRow, InstanceRow.id == some)
        .where(_among(s, ResultRow.id, ids))
        .order_by(ResultRow.id)
    )  # fmt: skip
    rows = s.execute(query).all()
    heads, high = _findings(s, [row.job_id for row in rows])
    return tuple(_output(row, heads.get(row.job_id), high.get(row.job_id)) for row in rows)


def _findings(s: Session, job_ids: Sequence[int]) -> tuple[dict[int, Headline], dict[int, bool]]:
    """Of jobs: the headline, and whether the risk stratum beside it is high."""
    row = FindingRow
    stratum = and_(row.name_value == RISK_STRATUM.value, row.name_scheme == RISK_STRATUM.scheme)
    columns = row.job_id, row.position, row.name_value, row.name_meaning, row.unit_value, row.value, row.answer_value
    query = select(*columns).where(
        _among(s, row.job_id, job_ids), row.group_index == 0, or_(row.position == 0, stratum)
    )
    heads, high = {}, {}
    for found in s.execute(query):
        if found.value is not None:
            heads[found.job_id] = Headline(
                code=found.name_value, name=found.name_meaning, unit=found.unit_value or "", value=found.value
            )
        else:
            high[found.job_id] = found.answer_value == RISK_HIGH.value
    return heads, high


def _output(row: Any, headline: Headline | None, high: bool | None) -> Output:
    return Output(
        study_instance_uid=row.study_instance_uid, version=row.model_version, at=row.created_at,
        code=None if row.kind == "findings" else row.code or "", headline=headline, high=high,
        out_of_distribution=row.out_of_distribution, manufacturer=(row.maker or "").strip(),
        scanner=(row.scanner or "").strip(),
    )  # fmt: skip
