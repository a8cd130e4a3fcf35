"""The text that Prometheus reads: its exposition format, version 0.0.4, written plainly (docs/adr/0021)."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Sample:
    """One number, with the labels that tell it from others of its metric. suffix: of a histogram's parts."""

    value: float
    labels: Sequence[tuple[str, str]] = ()
    suffix: Literal["", "_bucket", "_sum", "_count"] = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with its samples, none where there is nothing to say.

    Raises
    ------
    ValueError
        If a name is none, or a counter is not named `_total`.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Sequence[Sample]

    def __post_init__(self) -> None:
        names = [self.name, *(label for sample in self.samples for label, _ in sample.labels)]
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"names must be of a-z, 0-9 and _, got {name!r}")
        if (self.kind == "counter") != self.name.endswith("_total"):
            raise ValueError(f"a counter, and nothing else, is named _total, got {self.kind} {self.name!r}")


def render(metrics: Iterable[Metric]) -> str:
    """The text of all metrics."""
    return "".join(_lines(metric) for metric in metrics)


def histogram(
    bounds: Sequence[float], at_most: Sequence[int], count: int, total: float, label: tuple[str, str]
) -> list[Sample]:
    """The samples of one histogram. at_most: how many were no more than each of the bounds."""
    samples = [
        Sample(number, (label, ("le", _number(bound))), "_bucket")
        for bound, number in zip(bounds, at_most, strict=True)
    ]
    return [
        *samples, Sample(count, (label, ("le", "+Inf")), "_bucket"), Sample(total, (label,), "_sum"),
        Sample(count, (label,), "_count"),
    ]  # fmt: skip


def _lines(metric: Metric) -> str:
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
    for sample in metric.samples:
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels)
        name = f"{metric.name}{sample.suffix}"
        lines.append(f"{name}{{{labels}}} {_number(sample.value)}" if labels else f"{name} {_number(sample.value)}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))
