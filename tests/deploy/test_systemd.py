"""The units are accepted by systemd, hardened, and run roles that there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from screening.settings import WorkerSettings, load
from tests.conftest import require_program
from tests.deploy.documents import DEPLOY
from tests.test_docs import command_lines

FOLDER = DEPLOY / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
PROGRAM = "/opt/opportune/bin/opportune"


def section(unit: Path, name: str = "Service") -> dict[str, list[str]]:
    """The settings of a unit's section, each with all its values."""
    found: dict[str, list[str]] = {}
    here = False
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            here = line == f"[{name}]"
        elif here and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units with a program that is here in place of the installed one."""
    require_program("systemd-analyze")
    for path in FOLDER.glob("opportune*"):
        text = path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / path.name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    return tmp_path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_there_is_a_unit_for_each_role() -> None:
    names = {path.name for path in UNITS}
    assert names == {
        f"opportune-{role}.service"
        for role in ("listener", "reconciler", "delivery", "dashboard", "metrics", "worker@")
    }


def test_systemd_accepts_them(installed: Path) -> None:
    ended = analyze("verify", *map(str, sorted(installed.iterdir())))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_systemd_would_object(installed: Path) -> None:
    path = installed / "opportune-metrics.service"
    path.write_text(path.read_text(encoding="utf-8").replace("Restart=always", "Restart=sometimes"), encoding="utf-8")
    assert "Failed to parse" in analyze("verify", str(path)).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_exposure_is_low(unit: Path, installed: Path) -> None:
    """On systemd's own scale to 10; the worker needs devices and code made at run time."""
    most = 40 if "worker" in unit.name else 20  # tenths
    ended = analyze(
        "security", "--offline=true", f"--threshold={most}", str(installed / unit.name.replace("@.", "@1."))
    )
    assert ended.returncode == 0, ended.stdout[-500:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_it_runs_a_command_that_there_is_and_comes_back(unit: Path) -> None:
    service = section(unit)
    (command,) = service["ExecStart"]
    program, role, *options = command.split()
    assert (program, role in command_lines()) == (PROGRAM, True)
    assert options == {"metrics": ["--serve"], "worker": ["--queue", "screen"]}.get(role, [])
    assert service["Restart"] == ["always"]
    assert section(unit, "Unit")["StartLimitIntervalSec"] == ["0"], "it would stop coming back after some failures"
    assert service["User"] == ["opportune"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_passwords_are_files_that_the_settings_take(unit: Path, tmp_path: Path) -> None:
    service = section(unit)
    handed = dict(value.split(":") for value in service["LoadCredential"])
    variables = dict(value.split("=", 1) for value in service["Environment"])
    environ = {}
    for name, value in variables.items():
        if value.startswith("%d/"):
            secret = tmp_path / value.removeprefix("%d/")
            assert secret.name in handed
            url = {"database_url": "postgresql://o:x1@h/o", "broker_url": "redis://:x1@h"}[secret.name]
            secret.write_text(url, encoding="utf-8")
            environ[name] = str(secret)
    settings = load(environ, DEPLOY / "opportune.toml")
    assert settings.sqlalchemy_url == "postgresql://o:x1@h/o"
    assert settings.broker == "redis://:x1@h"


def test_a_worker_has_time_to_end_its_job() -> None:
    (seconds,) = section(FOLDER / "opportune-worker@.service")["TimeoutStopSec"]
    assert int(seconds) > WorkerSettings().job_timeout_seconds


def test_the_guide_installs_what_there_is() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    enabled = re.search(r"^systemctl enable (.+)$", text, re.MULTILINE)
    assert enabled is not None
    named = {re.sub(r"@\d", "@", name).removesuffix(".target") for name in enabled[1].split()}
    assert named == {"opportune", *(path.name.removesuffix(".service") for path in UNITS)}
    script = re.findall(r"^```\n(.+?)^```", text, re.MULTILINE | re.DOTALL)[0]
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_the_reader_of_units_reads_repeated_settings() -> None:
    assert len(section(UNITS[0])["LoadCredential"]) == 2
