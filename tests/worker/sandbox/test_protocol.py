"""What the child sends is data: a malformed answer is an error, never code."""

import pickle
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe
from typing import Any

import pytest

from screening.codes import CHEST, PERCENT, PNEUMONIA, CodedName
from screening.errors import SandboxDied
from screening.findings import Findings, Measurement, MeasurementGroup, rectangle
from screening.reports import ObjectKind, Report, ReportObject
from screening.stages import Stages
from worker.sandbox.protocol import Answer, receive_answer, receive_json, send_answer, send_failure, send_json

Pair = tuple[Connection, Connection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = Pipe()
    with ours, theirs:
        yield ours, theirs


def _findings() -> Findings:
    name = CodedName(value="MORT30D", scheme="99OPPORTUNE", meaning="30-day all-cause mortality probability")
    group = MeasurementGroup(
        tracking_identifier="area",
        finding=PNEUMONIA,
        site=CHEST,
        region=rectangle(0, 0, 10, 20, "1.2.3"),
        measurements=(Measurement(name=name, value=12.5, unit=PERCENT, horizon_days=30, low=10.0, high=15.0),),
    )
    return Findings(groups=(group,), conclusion="c", notes=("n",), out_of_distribution=0.4)


def _object() -> ReportObject:
    return ReportObject(
        kind=ObjectKind.SR, role="measurements", sop_class_uid="1.2", sop_instance_uid="1.3",
        series_instance_uid="1.4", encoded=bytes(128) + b"DICM" + b"x" * 1000,
    )  # fmt: skip


def test_findings_and_objects_come_back_equal(pair: Pair) -> None:
    ours, theirs = pair
    report = Report(objects=(_object(),), engine="torch 2.13.0 (cpu)")
    stages = Stages({"decode": 0.25, "network.lungs": 1.5})
    send_answer(theirs, Answer(_findings(), report, stages))
    assert receive_answer(ours, receive_json(ours)) == (_findings(), report, stages)


def test_a_failure_comes_back_with_its_kind(pair: Pair) -> None:
    ours, theirs = pair
    send_failure(theirs, kind="WeightsMismatch", message="differ")
    assert receive_json(ours) == {"number": 0, "failure": "WeightsMismatch", "message": "differ"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"outcome": {}, "objects": []},
        {"outcome": {"kind": "findings", "groups": []}, "objects": []},
        {
            "outcome": {"kind": "not_evaluable", "code": "NO CODE", "reason": "", "sop_instance_uid": None},
            "objects": [],
        },
        {"outcome": None, "objects": None},
    ],
)
def test_a_malformed_answer_is_an_error_of_ours(pair: Pair, values: dict[str, Any]) -> None:
    with pytest.raises(SandboxDied, match="malformed"):
        receive_answer(pair[0], values)


@pytest.mark.parametrize("stages", [None, {"decode": -1}, {"decode": float("nan")}, {"DOE^JANE": 1}, {"decode": "1"}])
def test_durations_that_cannot_be_are_refused(pair: Pair, stages: Any) -> None:
    ours, theirs = pair
    send_answer(theirs, Answer(_findings(), Report(objects=(_object(),))))
    with pytest.raises(SandboxDied, match="malformed"):
        receive_answer(ours, receive_json(ours) | {"stages": stages})


@pytest.mark.parametrize("engine", ["x" * 81, "torch\x1b[31m"])
def test_an_engine_that_cannot_be_shown_is_refused(pair: Pair, engine: str) -> None:
    ours, theirs = pair
    send_answer(theirs, Answer(_findings(), Report(objects=())))
    with pytest.raises(SandboxDied, match="malformed"):
        receive_answer(ours, receive_json(ours) | {"engine": engine})


def test_an_object_that_is_no_file_is_refused(pair: Pair) -> None:
    ours, theirs = pair
    send_answer(theirs, Answer(_findings(), Report(objects=(_object(),))))
    values = receive_json(ours)
    ours.recv_bytes()
    theirs.send_bytes(b"x" * 1000)
    with pytest.raises(SandboxDied, match="malformed"):
        receive_answer(ours, values)


def test_a_pickle_is_not_opened(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send_bytes(pickle.dumps({"outcome": {}}))
    with pytest.raises(ValueError, match=r"JSON|decode"):
        receive_json(ours)


def test_a_message_is_an_object(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send_bytes(b"[1]")
    with pytest.raises(ValueError, match="JSON object"):
        receive_json(ours)


def test_the_end_of_the_other_side_is_told(pair: Pair) -> None:
    ours, theirs = pair
    send_json(theirs, {"ready": True})
    theirs.close()
    assert receive_json(ours) == {"ready": True}
    with pytest.raises(EOFError):
        receive_json(ours)
