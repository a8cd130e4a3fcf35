"""Which results an address asks for, in words that a program may use too."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from db.result_list import Answer, Wanted, Way
from models import installed, registry
from screening.card import Evidence
from screening.settings import Settings

FIELDS = ("model", "evidence", "way", "answer")
UNKNOWN = "unknown"
"""Evidence of a version whose bundle is not on this node any more."""

_DIGITS = 18  # of a number that both databases hold
_Choice = TypeVar("_Choice", bound=StrEnum)


def wanted(fields: Mapping[str, str], settings: Settings) -> Wanted:
    """Which results. Raises ValueError, with words for who asks, when a field makes no sense."""
    evidence = _choice(Evidence, fields.get("evidence", ""), "level of evidence")
    known = {} if evidence is None else installed.evidence_of(settings)
    return Wanted(
        model=fields.get("model", ""),
        versions=None if evidence is None else [key for key, level in known.items() if level is evidence],
        answer=_choice(Answer, fields.get("answer", ""), "answer"),
        way=_choice(Way, fields.get("way", ""), "way of delivery"),
    )


def models(settings: Settings) -> list[str]:
    """Names to choose from: models of the settings and those that are installed."""
    return sorted({*settings.models, *registry.names()})


def before(text: str) -> int | None:
    """Where a page begins; None for an empty text. Raises ValueError when it is no number."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > _DIGITS:
        raise ValueError("there is no such page")
    return int(text)


def _choice(kind: type[_Choice], text: str, what: str) -> _Choice | None:
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"there is no such {what}") from None
