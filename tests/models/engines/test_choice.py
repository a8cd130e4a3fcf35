"""Who runs a model, by setting, place and what is installed."""

import pytest

from models.engines import openvino_import
from models.engines.choice import by_openvino
from screening.settings import EngineChoice


@pytest.mark.parametrize(
    ("wanted", "on_cpu", "expected"),
    [("auto", True, True), ("auto", False, False), ("openvino", True, True), ("torch", True, False)],
)
def test_openvino_runs_what_is_on_a_cpu(wanted: EngineChoice, on_cpu: bool, expected: bool) -> None:
    assert by_openvino(wanted, on_cpu=on_cpu) == expected


def test_where_it_is_not_installed_torch_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_import, "find_spec", lambda _: None)
    assert not by_openvino("auto", on_cpu=True)
    assert not by_openvino("openvino", on_cpu=True)
