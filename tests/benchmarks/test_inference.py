"""The benchmark of inference on networks that take no time."""

import os
import time
from pathlib import Path

import pytest
import torch

from benchmarks import inference
from benchmarks.inference import LAST, OPENVINO, TORCH, Took, busy, compare, ratios, rounds, row
from models.engines.compiling import compile_part
from models.engines.openvino_engine import OpenVinoEngine
from tests.models.engines.tiny import flat


def test_each_way_is_taken_once_a_round_after_it_was_warmed() -> None:
    asked: list[str] = []
    took = rounds({name: lambda name=name: asked.append(name) for name in "abc"}, 4)  # type: ignore[misc]
    assert {name: len(found) for name, found in took.items()} == dict.fromkeys("abc", 4)
    assert asked[:6] == list("aabbcc")
    assert [sorted(asked[begin : begin + 3]) for begin in range(6, 18, 3)] == [["a", "b", "c"]] * 4


def test_processor_time_is_that_of_the_work() -> None:
    waiting = inference.timed(lambda: time.sleep(0.05))
    assert waiting.wall >= 50
    assert waiting.processor < waiting.wall


def test_every_way_answers_for_a_network() -> None:
    part, taken = flat(), flat()
    OpenVinoEngine({"trunk": compile_part(taken, threads=1)}, threads=1).take([taken])
    found = compare(part, taken, 3)
    assert {name: len(each) for name, each in found.took.items()} == {TORCH: 3, LAST: 3, OPENVINO: 3}
    assert found.off < 1e-5
    assert "forward" not in vars(part.network)


def test_an_answer_that_differs_is_shown() -> None:
    part, other = flat(), flat()
    with torch.no_grad():
        next(other.network.parameters()).mul_(1.5)
    assert compare(part, other, 1).off > 0.01


def test_ratios_are_taken_inside_a_round() -> None:
    took = {TORCH: [Took(30, 60), Took(10, 20)], OPENVINO: [Took(10, 10), Took(5, 4)]}
    assert ratios(took, OPENVINO, lambda one: one.wall) == [3, 2]
    assert row(("a", "1 x 2"), took, "1e-06") == (
        "| a | 1 x 2 | 20.0 | 7.5 | 2.5 (2.0 to 3.0) | 5.5 (5.0 to 6.0) | 1e-06 |"
    )


def test_busy_processes_end_with_the_block() -> None:
    others = _children()  # of this process there may be some already, that other tests left running
    with busy(1):
        (process,) = _children() - others
    assert process not in _children()


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.slow
def test_a_shipped_model_from_its_weights_to_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    lines = list(inference.report(["pediatric_age_cxr"], 1, 1, 0))
    rows = [line for line in lines if line.startswith("| `pediatric_age_cxr`")]
    assert [line.count("|") for line in rows] == [9, 6, 5]
