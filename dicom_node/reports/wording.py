"""How values, units and times read on a picture."""

from datetime import datetime

from screening.card import ModelCard
from screening.codes import RISK_STRATUM
from screening.findings import Findings, Measurement, Qualitative

_UNITS = {"1": "", "mo": "months", "a": "years", "[hnsf'U]": "HU", "cm2": "cm2", "d": "days"}  # UCUM -> what people say


def number_text(value: float, unit: str) -> str:
    """A value without its unit, in the digits that a reader needs."""
    if value == 0:
        return "0"
    if unit == "%":
        if 0 < value < 0.01:
            return "< 0.01"
        return f"{value:.2f}" if value < 1 else f"{value:.1f}"
    if unit == "1":
        return f"{value:.2f}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}"


def unit_text(measurement: Measurement) -> str:
    """The unit as people say it; nothing for a pure number."""
    return _UNITS.get(measurement.unit.value, measurement.unit.value)


def value_text(measurement: Measurement) -> str:
    """Value and unit."""
    return f"{number_text(measurement.value, measurement.unit.value)} {unit_text(measurement)}".rstrip()


def interval_text(measurement: Measurement) -> str:
    """The interval with its unit, or an empty string."""
    if measurement.low is None or measurement.high is None:
        return ""
    low, high = (number_text(v, measurement.unit.value) for v in (measurement.low, measurement.high))
    return f"{low} to {high} {unit_text(measurement)}".rstrip()


def stratum_of(findings: Findings) -> Qualitative | None:
    """The risk stratum that stands beside the headline."""
    return next((answer for answer in findings.groups[0].qualitative if answer.name.value == RISK_STRATUM.value), None)


def own_notes(card: ModelCard, findings: Findings) -> tuple[str, ...]:
    """The notes that belong to this image: a model may repeat its card's limits among them, which are shown anyway."""
    return tuple(note for note in findings.notes if note not in card.limits)


def moment_text(moment: datetime) -> str:
    """Date, time and offset from UTC."""
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M} UTC{'' if offset == '+0000' else f'{offset[:3]}:{offset[3:5]}'}"


def weights_text(weights_sha256: str) -> str:
    """The short hash by which people compare weights."""
    return weights_sha256[:12]
