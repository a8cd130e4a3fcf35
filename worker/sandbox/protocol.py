"""What parent and child say to each other: JSON and bytes over a socket pair, never pickles.

The child reads hostile bytes. What it answers is data to be checked, so nothing that it sends may run code here.
"""

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from screening.errors import SandboxDied
from screening.findings import Outcome
from screening.reports import ObjectKind, Report, ReportObject
from screening.serialize import outcome_from_json, outcome_to_json
from screening.stages import Stages, stages_from_json

TOGETHER = "together"
"""Key of a message with several requests; a message without it is one request. Answers bear the request's number."""

MAXIMUM_MESSAGE = 512 * 2**20
"""Bytes of the largest object that a child may send: a SEG of a whole CT stays well below."""


class Answer(NamedTuple):
    """What comes of one request."""

    outcome: Outcome
    report: Report
    stages: Stages = Stages()  #: what the child's time went to


def send_answer(connection: Connection, answer: Answer, *, number: int = 0) -> None:
    """Send an answer: one JSON message, then the bytes of each object. number: of the request among several."""
    objects = [
        {
            "kind": str(item.kind),
            "role": item.role,
            "sop_class_uid": item.sop_class_uid,
            "sop_instance_uid": item.sop_instance_uid,
            "series_instance_uid": item.series_instance_uid,
        }
        for item in answer.report.objects
    ]
    send_json(
        connection,
        {
            "number": number,
            "outcome": outcome_to_json(answer.outcome),
            "objects": objects,
            "engine": answer.report.engine,
            "stages": dict(answer.stages.seconds),
        },
    )
    for item in answer.report.objects:
        connection.send_bytes(item.encoded)


def send_failure(connection: Connection, *, kind: str, message: str, number: int = 0) -> None:
    """Send why there is no outcome; kind is the name of a class of `screening.errors`, number as in `send_answer`."""
    send_json(connection, {"number": number, "failure": kind, "message": message})


def receive_answer(connection: Connection, values: Mapping[str, Any]) -> Answer:
    """The answer whose first part is a JSON message that is no failure.

    Raises
    ------
    SandboxDied
        If the message is malformed.
    """
    try:
        outcome = outcome_from_json(values["outcome"])
        stages = stages_from_json(values["stages"])
        objects = tuple(
            ReportObject(**{**item, "kind": ObjectKind(item["kind"])}, encoded=connection.recv_bytes(MAXIMUM_MESSAGE))
            for item in values["objects"]
        )
        report = Report(objects=objects, engine=str(values["engine"]))
    except (KeyError, TypeError, ValueError) as exc:
        raise SandboxDied(f"the child's answer is malformed: {type(exc).__name__}") from exc
    return Answer(outcome, report, stages)


def send_json(connection: Connection, values: Mapping[str, Any]) -> None:
    """Send one JSON message."""
    connection.send_bytes(json.dumps(values).encode())


def receive_json(connection: Connection) -> dict[str, Any]:
    """Receive one JSON message.

    Raises
    ------
    EOFError, OSError
        If the other side is gone.
    ValueError
        If the message is no JSON object.
    """
    values = json.loads(connection.recv_bytes(MAXIMUM_MESSAGE))
    if not isinstance(values, dict):
        raise ValueError("a message must be a JSON object")
    return values
