from typing import Any

import pytest

from worker.headline import headline


def findings(value: float, unit: str) -> dict[str, Any]:
    measured = {"name": {"meaning": "It"}, "value": value, "unit": {"value": unit}}
    return {"groups": [{"tracking_identifier": "L1 ROI", "measurements": [measured]}]}


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (12.345, "%", "It: 12.3 %"),
        (86, "mo", "It: 7 years 2 months"),
        (1.0, "1", "It: 1.0 1"),
        (101.25, "[hnsf'U]", "L1 ROI: 101.2 HU"),
    ],
)
def test_the_headline_is_the_first_measurement(value: float, unit: str, told: str) -> None:
    assert headline(findings(value, unit)) == told
