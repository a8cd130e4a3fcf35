"""The one way to ask a destination for C-ECHO: soon over, and kept for those who look later."""

from dataclasses import asdict
from typing import Any

from db import echoes
from db.echoes import Echo
from db.engine import Sessions, transaction
from dicom_node import scu
from dicom_node.association_faults import ADVICE, Fault
from dicom_node.identity import Timeouts
from dicom_node.scu import EchoResult
from screening.settings import DeliverySettings, Destination, Settings

SUCCESS = "success"

_LONGEST_WAIT = 4.0
"""Seconds for each step: somebody sits there and waits."""


def ask(settings: Settings, destination: Destination) -> EchoResult:
    """C-ECHO with the node's own AE title and certificates; never raises for what a destination or the network does."""
    return scu.echo(destination, settings.node.ae_title, timeouts_of(settings.delivery))


def ask_and_keep(settings: Settings, sessions: Sessions, destination: Destination, who: str) -> Echo:
    """The same, kept in the database and in the audit trail. No transaction is open while the destination is asked.

    Raises
    ------
    DatabaseUnavailable
        If the answer cannot be kept.
    """
    return keep(sessions, destination, ask(settings, destination), who)


def keep(sessions: Sessions, destination: Destination, result: EchoResult, who: str) -> Echo:
    """Keep an answer; raises as `ask_and_keep` does."""
    with transaction(sessions) as s:
        return echoes.record(
            s,
            destination=destination.name,
            ok=result.ok,
            outcome=outcome_of(result),
            detail=result.detail,
            milliseconds=round(result.seconds * 1000),
            who=who,
        )


def outcome_of(result: EchoResult) -> str:
    """The word that is kept for it: `SUCCESS`, or a `Fault`."""
    return SUCCESS if result.fault is None else result.fault.value


def advice(outcome: str) -> str:
    """What to do after this outcome; empty after a success, and for a word of another release."""
    return ADVICE[Fault(outcome)] if outcome in set(Fault) else ""


def told(echo: Echo | None) -> dict[str, Any] | None:
    """An echo as programs are told of it, ready for JSON."""
    if echo is None:
        return None
    return asdict(echo) | {"at": echo.at.isoformat(timespec="seconds"), "advice": advice(echo.outcome)}


def timeouts_of(settings: DeliverySettings) -> Timeouts:
    """The node's time-outs, none longer than somebody wants to wait at a screen."""
    first, answer = min(_LONGEST_WAIT, settings.acse_timeout), min(_LONGEST_WAIT, settings.dimse_timeout)
    return Timeouts(acse=first, dimse=answer, network=answer, connect=first)
