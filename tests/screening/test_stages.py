"""Durations that are checked: they come from a process that reads hostile files."""

import json
import math
from typing import Any

import pytest

from screening.stages import LONGEST_SECONDS, MOST, Stages, stages_from_json


def test_a_kind_of_work_is_the_sum_of_its_parts() -> None:
    stages = Stages({"decode": 0.5, "network.lungs": 1.0, "predict": 0.25, "network.risk": 2.0})
    assert stages.of("network") == 3.0
    assert stages.of("decode") == 0.5
    assert stages.of("net") == 0.0
    assert stages.total == 3.75
    assert stages.by_kind() == {"decode": 0.5, "network": 3.0, "predict": 0.25}
    assert list(stages.by_kind()) == ["decode", "network", "predict"]


def test_stages_of_two_processes_add_up() -> None:
    both = Stages({"request": 0.5}) + Stages({"decode": 1.0, "request": 0.25})
    assert both.seconds == {"request": 0.75, "decode": 1.0}
    assert list(both.seconds) == ["request", "decode"]


def test_nothing_measured_is_nothing() -> None:
    assert (Stages().total, Stages().by_kind()) == (0.0, {})


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.001])
def test_seconds_must_be_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="seconds of decode"):
        Stages({"decode": value})


@pytest.mark.parametrize("name", ["", "Decode", "network.", "network.a.b", "x" * 33, "DOE^JANE", "decode\n"])
def test_a_name_says_nothing_of_a_patient(name: str) -> None:
    with pytest.raises(ValueError, match="name like"):
        Stages({name: 1.0})


def test_the_number_of_those_that_are_told_is_bounded() -> None:
    assert len(stages_from_json({f"network.n{k}": 0.0 for k in range(MOST)}).seconds) == MOST
    with pytest.raises(ValueError, match="at most"):
        stages_from_json({f"network.n{k}": 0.0 for k in range(MOST + 1)})


def test_they_come_back_from_json() -> None:
    stages = Stages({"decode": 0.5, "network.lungs": 1.0})
    assert stages_from_json(json.loads(json.dumps(dict(stages.seconds)))) == stages
    assert stages_from_json({"decode": 1}) == Stages({"decode": 1.0})


@pytest.mark.parametrize("values", [None, [], "decode", {"decode": None}, {"decode": "1"}, {"decode": True}])
def test_what_is_no_object_of_numbers_is_refused(values: Any) -> None:
    with pytest.raises(TypeError, match="object of numbers"):
        stages_from_json(values)


@pytest.mark.parametrize(
    "values",
    [{"decode": math.nan}, {"decode": -1}, {"no name": 1.0}, {"decode": 10**400}, {"decode": LONGEST_SECONDS + 1}],
)
def test_what_cannot_be_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match=r"stage|seconds"):
        stages_from_json(values)
