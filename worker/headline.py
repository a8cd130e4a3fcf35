"""The headline of stored findings in one line, for people at a terminal."""

from collections.abc import Mapping
from typing import Any

from screening.ages import age_text
from screening.codes import HOUNSFIELD


def headline(findings: Mapping[str, Any]) -> str:
    """Name and value of the first measurement of findings as JSON, e.g. "30-day mortality: 12.5 %"."""
    group = findings["groups"][0]
    first = group["measurements"][0]
    name, value, unit = first["name"]["meaning"], first["value"], first["unit"]["value"]
    if unit == HOUNSFIELD.value:  # of what lies in the group's region
        return f"{group['tracking_identifier']}: {value:.1f} HU"
    return f"{name}: {age_text(value)}" if unit == "mo" else f"{name}: {value:.1f} {unit}"
