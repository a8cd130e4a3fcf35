"""The compose file, the image and their settings fit each other and the product."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from screening.card import Evidence
from screening.settings import load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
ROLES = ("listener", "reconciler", "delivery")
WORKERS = {"cpu": "worker-cpu", "gpu": "worker-gpu"}


def compose(*arguments: str, **environ: str) -> str:
    """What docker-compose prints; fails with what it says."""
    if shutil.which("docker-compose") is None:
        message = "docker-compose not installed: run deploy/install-test-servers.sh docker-compose"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    result = subprocess.run(
        ["docker-compose", "-f", str(ROOT / "docker-compose.yml"), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("profile", ["cpu", "gpu", "demo"])
def test_each_profile_is_valid(profile: str) -> None:
    compose("--profile", profile, "config", "-q")


def test_services() -> None:
    expected = {"postgres", "redis", "orthanc", *ROLES, *WORKERS.values()}
    assert set(compose("config", "--services").split()) == expected


def test_profiles() -> None:
    found = dict(re.findall(r"^  ([\w-]+):\n(?:    .*\n)*?    profiles: \[(\w+)\]$", text(), re.MULTILINE))
    assert found == {"worker-cpu": "cpu", "worker-gpu": "gpu", "orthanc": "demo"}


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_commands_are_the_roles() -> None:
    found = re.findall(r"^    command: \[(.+)\]$", text(), re.MULTILINE)
    roles = [command for command in found if not command.startswith('"sh"')]
    assert roles == ["listener", "reconciler", "delivery", "worker, --queue, screen", "worker, --queue, screen"]


def test_health_is_asked_of_our_own_command() -> None:
    assert 'test: ["CMD", "opportune", "doctor", "--local", "--json"]' in text()
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["opportune", "doctor", "--local", "--json"]' in dockerfile


def test_redis_loses_and_evicts_nothing() -> None:
    assert "--appendonly yes" in text()
    assert "--maxmemory-policy noeviction" in text()


def test_secrets_are_files() -> None:
    assert not re.search(r"(PASSWORD|_URL): ", text())
    assert re.findall(r"^    file: (.+)$", text(), re.MULTILINE) == [
        f"./deploy/secrets/{name}" for name in ("database_url", "broker_url", "postgres_password", "redis_password")
    ]
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_made_secrets_are_accepted_and_kept(tmp_path: Path) -> None:
    script = shutil.copy(DEPLOY / "make-secrets.sh", tmp_path)
    folder = tmp_path / "secrets"

    def made() -> dict[str, str]:
        subprocess.run([script], check=True, capture_output=True)
        return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}

    first = made()
    assert made() == first
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(first["postgres_password"]) == 48
    environ = {
        "OPPORTUNE_DATABASE_URL_FILE": str(folder / "database_url"),
        "OPPORTUNE_BROKER_URL_FILE": str(folder / "broker_url"),
    }
    settings = load(environ, DEPLOY / "opportune.toml")
    assert settings.sqlalchemy_url == f"postgresql://opportune:{first['postgres_password']}@postgres/opportune"
    assert settings.broker == f"redis://:{first['redis_password']}@redis:6379/0"


def test_settings_and_archive_know_each_other() -> None:
    settings = load({}, DEPLOY / "opportune.toml")
    orthanc = json.loads((DEPLOY / "orthanc.json").read_text(encoding="utf-8"))
    us = orthanc["DicomModalities"]["opportune"]
    assert (us["AET"], us["Host"], us["Port"]) == (settings.node.ae_title, "listener", settings.node.port)
    (destination,) = settings.destinations
    assert (destination.ae_title, destination.address) == (orthanc["DicomAet"], "orthanc")
    assert destination.port == orthanc["DicomPort"]
    assert Evidence.SIMULATION in destination.accept_evidence
    (peer,) = settings.peers
    assert peer.ae_title == orthanc["DicomAet"]
    assert f"OPPORTUNE_SUBNET:-{peer.address}" in text()


def test_image_runs_as_nobody_in_particular() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    last = dockerfile[dockerfile.rindex("FROM ") :]
    assert re.search(r"^USER opportune$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["opportune"]' in last


def test_image_is_built_of_what_the_wheel_holds() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = {name for line in re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    packages = re.search(r"packages = \[(.+)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages[1])) <= copied
