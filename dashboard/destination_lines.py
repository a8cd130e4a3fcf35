"""What is known of each destination, for the pages and the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db import conditions, echoes
from db.conditions import Condition
from db.echoes import Echo
from db.engine import database_now
from dicom_node import echoing
from screening.settings import Destination, Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One destination."""

    name: str
    destination: Destination | None  #: None: results still wait for it, but it is not in the settings any more
    states: Mapping[str, int]  #: deliveries by state
    trouble: Condition | None
    left_alone: bool  #: until `trouble.retry_at`
    echo: Echo | None  #: the last one
    echo_age: float  #: seconds; 0 without one

    @property
    def advice(self) -> str:
        """What to do after the last echo."""
        return "" if self.echo is None else echoing.advice(self.echo.outcome)


def lines(s: Session, settings: Settings, counts: Mapping[str, Any]) -> list[Line]:
    """Those of the settings, in their order, and those that results still wait for. counts: `db.status.counts`."""
    configured = {item.name: item for item in settings.destinations}
    names = list(dict.fromkeys([*configured, *counts["deliveries"]]))
    wrong = {item.subject: item for item in conditions.known(s)}
    closed, last, now = conditions.closed_destinations(s), echoes.newest(s, names), database_now(s)
    return [
        Line(
            name=name,
            destination=configured.get(name),
            states=counts["deliveries"].get(name, {}),
            trouble=wrong.get(conditions.destination(name)),
            left_alone=name in closed,
            echo=last.get(name),
            echo_age=max(0.0, (now - last[name].at).total_seconds()) if name in last else 0.0,
        )
        for name in names
    ]
