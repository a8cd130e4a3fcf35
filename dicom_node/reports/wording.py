"""How values, units and times read on a picture."""

from collections.abc import Sequence
from datetime import datetime

from screening.ages import age_parts
from screening.card import ModelCard
from screening.codes import AGE_DIFFERENCE, AGE_DIFFERENCE_Z, RISK_STRATUM
from screening.findings import Findings, Measurement, Qualitative

# UCUM -> what people say
_UNITS = {"1": "", "a": "years", "[hnsf'U]": "HU", "cm2": "cm2", "d": "days", "mL": "ml", "{score}": ""}
NO_VALUE = "No value was computed. That says nothing about the patient's risk."
_SIGNED = {AGE_DIFFERENCE.value, AGE_DIFFERENCE_Z.value}  # a difference is read with its sign


def number_text(value: float, unit: str) -> str:
    """A value without its unit, in the digits that a reader needs."""
    if value == 0:
        return "0"
    if unit == "%":
        if 0 < value < 0.01:
            return "< 0.01"
        return f"{value:.2f}" if value < 1 else f"{value:.1f}"
    if unit == "{score}":  # a count of points
        return f"{value:.0f}"
    if unit == "1":
        return f"{value:.2f}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}"


def parts(measurement: Measurement) -> tuple[tuple[str, str], ...]:
    """Numbers with their units, one pair as a rule; an age has years and months."""
    signed = measurement.name.value in _SIGNED
    if measurement.unit.value == "mo":
        return age_parts(measurement.value, signed=signed)
    sign = "+" if signed and measurement.value > 0 else ""
    return ((sign + number_text(measurement.value, measurement.unit.value), unit_text(measurement)),)


def value_text(measurement: Measurement) -> str:
    """Value and unit."""
    return _joined(parts(measurement))


def interval_text(measurement: Measurement) -> str:
    """The interval with its unit, or an empty string."""
    if measurement.low is None or measurement.high is None:
        return ""
    if measurement.unit.value == "mo":
        return " to ".join(_joined(age_parts(bound)) for bound in (measurement.low, measurement.high))
    low, high = (number_text(v, measurement.unit.value) for v in (measurement.low, measurement.high))
    return f"{low} to {high} {unit_text(measurement)}".rstrip()


def unit_text(measurement: Measurement) -> str:
    """The unit as people say it; nothing for a pure number."""
    return _UNITS.get(measurement.unit.value, measurement.unit.value)


def _joined(pairs: tuple[tuple[str, str], ...]) -> str:
    return " ".join(word for pair in pairs for word in pair if word)


def headline_of(findings: Findings) -> tuple[Measurement, ...]:
    """What is shown largest: the headline, with the same risk at other times ahead if the first group holds it."""
    first, *others = findings.groups[0].measurements
    if first.horizon_days is None:
        return (first,)
    return (first, *(other for other in others if other.horizon_days is not None and other.unit == first.unit))


def headline_meaning(findings: Findings) -> str:
    """What the headline is; with where it was measured when it is derived from many values."""
    group = findings.groups[0]
    first = group.measurements[0]
    return f"{group.tracking_identifier}: {first.title}" if first.is_statistic else first.title


def horizon_text(days: int) -> str:
    """A time ahead as people say it: years where it is a year or more."""
    if days == 0:
        return "now"
    number, unit = (round(days / 365.25), "year") if days >= 365 else (days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def common_meaning(measurements: Sequence[Measurement]) -> str:
    """What several risks are, without the time that each one's name begins with."""
    rest = {measurement.name.meaning.partition(" ")[2] for measurement in measurements}
    text = rest.pop() if len(rest) == 1 else ""
    return text[:1].upper() + text[1:] if text else measurements[0].name.meaning


def stratum_of(findings: Findings) -> Qualitative | None:
    """The risk stratum that stands beside the headline."""
    return next((answer for answer in findings.groups[0].qualitative if answer.name.value == RISK_STRATUM.value), None)


def own_notes(card: ModelCard, findings: Findings) -> tuple[str, ...]:
    """The notes that belong to this image: a model may repeat its card's limits among them, which are shown anyway."""
    return tuple(note for note in findings.notes if note not in card.limits)


def needs_text(card: ModelCard) -> str:
    """What a model needs, beside the reason of a refusal, which tells what was found."""
    return f"What this model is for: {card.intended_use}"


def moment_text(moment: datetime) -> str:
    """Date, time and offset from UTC."""
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M} UTC{'' if offset == '+0000' else f'{offset[:3]}:{offset[3:5]}'}"


def weights_text(weights_sha256: str) -> str:
    """The short hash by which people compare weights."""
    return weights_sha256[:12]
