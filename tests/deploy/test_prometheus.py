"""Alert rules fire when they should; rules, dashboard and scrape configuration name what the node tells."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from screening.monitoring_settings import Metrics
from worker.monitoring import metrics
from worker.ports import Ports

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS, GRAFANA = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana"
_SERIES = re.compile(r"\bopportune_[a-z_]+\b")


def tool(*arguments: str, cwd: Path = PROMETHEUS) -> str:
    """What promtool or amtool says; fails if it finds a fault."""
    if shutil.which(arguments[0]) is None:
        message = f"{arguments[0]} not installed: run deploy/install-test-servers.sh prometheus prometheus-alertmanager"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    ended = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture
def told(ports: Ports) -> set[str]:
    """Series that a node tells."""
    return metrics.names(metrics.collect(ports.settings, ports.sessions))


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    from tests.worker.ports import make_ports

    return make_ports(tmp_path)


def _alerts() -> list[str]:
    return re.findall(r"^      - alert: (\w+)$", (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"), re.MULTILINE)


def test_each_alert_fires_when_it_should_and_not_before() -> None:
    assert "SUCCESS" in tool("promtool", "test", "rules", "alerts.test.yml")


def test_each_alert_is_played_and_in_the_guide() -> None:
    played = (PROMETHEUS / "alerts.test.yml").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "operators-guide.md").read_text(encoding="utf-8")
    assert len(_alerts()) == 8
    for name in _alerts():
        fired = re.findall(rf"alertname: {name}\n        exp_alerts:\n          - exp_labels", played)
        assert fired, name
    assert re.findall(r"^\| `(Opportune\w+)` \|", guide, re.MULTILINE) == _alerts()


def test_the_configurations_are_accepted() -> None:
    assert "SUCCESS" in tool("promtool", "check", "config", "prometheus.yml")
    assert "SUCCESS" in tool("amtool", "check-config", str(ROOT / "deploy" / "alertmanager" / "alertmanager.yml"))


def test_rules_name_what_the_node_tells(told: set[str]) -> None:
    named = set(_SERIES.findall((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")))
    assert named
    assert named <= told


def test_inhibition_names_alerts_that_there_are() -> None:
    text = (ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    for pattern in re.findall(r'alertname =~ "(.+?)"', text):
        assert [name for name in _alerts() if re.fullmatch(pattern, name)], pattern


def test_the_dashboard_names_what_the_node_tells(told: set[str]) -> None:
    board = json.loads((GRAFANA / "opportune.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(expressions) >= len(board["panels"]) > 10
    assert set(_SERIES.findall(" ".join(expressions))) <= told
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]


def test_the_dashboards_expressions_are_promql(tmp_path: Path) -> None:
    """promtool reads them as rules."""
    board = json.loads((GRAFANA / "opportune.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions)]
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    assert "SUCCESS" in tool("promtool", "check", "rules", str(path))


def test_the_port_is_the_default_one() -> None:
    assert f"metrics:{Metrics().port}" in (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
