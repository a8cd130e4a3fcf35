"""The compose file, the image and their settings fit each other and the product."""

import json
import os
import re
import shutil
import ssl
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from screening.card import Evidence
from screening.monitoring_settings import Metrics
from screening.settings import load
from tests.deploy.documents import DEPLOY, ROOT, read_yaml

ROLES = ("listener", "reconciler", "delivery")
PROFILES = {
    "worker-cpu": "cpu", "worker-gpu": "gpu", "orthanc": "demo", "flower": "flower", "dashboard": "dashboard",
    "metrics": "monitoring", "prometheus": "monitoring", "alertmanager": "monitoring", "grafana": "monitoring",
}  # fmt: skip
SECRETS = ("database_url", "broker_url", "postgres_password", "redis_password", "dashboard_certificate",
           "dashboard_key", "grafana_password", "flower_login")  # fmt: skip


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


@cache
def services() -> dict[str, Any]:
    """Every service, with anchors and variables resolved by docker-compose."""
    chosen = [word for profile in sorted(set(PROFILES.values())) for word in ("--profile", profile)]
    found: dict[str, Any] = yaml.safe_load(compose(*chosen, "config"))["services"]
    return found


@pytest.mark.parametrize("profile", sorted(set(PROFILES.values())))
def test_each_profile_is_valid(profile: str) -> None:
    compose("--profile", profile, "config", "-q")


def test_services_and_their_profiles() -> None:
    written = read_yaml(ROOT / "docker-compose.yml")["services"]
    assert set(written) == {"postgres", "redis", *ROLES, *PROFILES}
    found = {name: values.get("profiles", values.get("<<", {}).get("profiles")) for name, values in written.items()}
    assert {name: profiles for name, profiles in found.items() if profiles} == {
        name: [profile] for name, profile in PROFILES.items()
    }


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_each_of_ours_runs_a_command_that_there_is_in_the_image_that_can() -> None:
    ours = {name: values for name, values in services().items() if str(values["image"]).startswith("opportune:")}
    assert {name: values["command"] for name, values in ours.items()} == {
        **{role: [role] for role in ROLES},
        "dashboard": ["dashboard"],
        "metrics": ["metrics", "--serve"],
        "worker-cpu": ["worker", "--queue", "screen"],
        "worker-gpu": ["worker", "--queue", "screen"],
    }
    built = {name: (values["image"], values["build"]["target"]) for name, values in ours.items()}
    assert built.pop("worker-cpu") == ("opportune:cpu", "full")
    assert built.pop("worker-gpu") == ("opportune:gpu", "full")
    assert set(built.values()) == {("opportune:light", "light")}


def test_images_have_a_version() -> None:
    for name, values in services().items():
        image = values["image"]
        assert image.startswith("opportune:") or re.search(r":v?\d+(\.\d+)+(-\w+)?$|:17-alpine$", image), (name, image)


def test_nothing_has_more_rights_than_it_needs() -> None:
    for name, values in services().items():
        assert "no-new-privileges:true" in values["security_opt"], name
        assert values["logging"]["options"]["max-size"], name
        if name != "orthanc":  # a stand-in for somebody else's archive
            assert values["cap_drop"] == ["ALL"], name
            assert values["read_only"] is True, name
        assert not values.get("privileged"), name


def test_only_dicom_is_open_to_the_network() -> None:
    opened = {name: values.get("ports", []) for name, values in services().items() if values.get("ports")}
    for name, ports in opened.items():
        for port in ports:
            assert name == "listener" or str(port).startswith("127.0.0.1:"), (name, port)


def test_database_and_broker_have_no_way_out() -> None:
    assert read_yaml(ROOT / "docker-compose.yml")["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert list(services()[name]["networks"]) == ["inside"]


def test_roles_wait_until_their_servers_are_healthy() -> None:
    for name, values in services().items():
        if values["image"].startswith("opportune:"):
            assert {key: one["condition"] for key, one in values["depends_on"].items()} == {
                "postgres": "service_healthy", "redis": "service_healthy"
            }, name  # fmt: skip
            assert values["healthcheck"]["test"], name


def test_health_is_asked_of_our_own_command() -> None:
    assert 'test: ["CMD", "opportune", "doctor", "--local", "--json"]' in text()
    asked = services()["metrics"]["healthcheck"]["test"][-1]
    compile(asked, "health", "exec")
    assert f":{Metrics().port}/healthz" in asked


def test_the_dashboard_is_reached_by_tls_and_asked_where_it_answers(tmp_path: Path) -> None:
    found = services()["dashboard"]
    environ = {name: value for name, value in found["environment"].items() if "DASHBOARD" in name}
    settings = load(environ, DEPLOY / "opportune.toml").dashboard
    assert (settings.host, settings.secure) == ("0.0.0.0", True)
    given = {f"/run/secrets/{one if isinstance(one, str) else one['source']}" for one in found["secrets"]}
    assert {str(settings.certificate), str(settings.key)} <= given
    asked = found["healthcheck"]["test"][-1]
    compile(asked, "health", "exec")
    assert f"https://127.0.0.1:{settings.port}/healthz" in asked
    assert read_yaml(ROOT / "docker-compose.yml")["services"]["dashboard"]["ports"] == [
        f"${{OPPORTUNE_DASHBOARD_ADDRESS:-127.0.0.1}}:{settings.port}:{settings.port}"
    ]


def test_what_serves_for_long_is_asked_whether_it_does() -> None:
    without = {name for name, values in services().items() if "healthcheck" not in values}
    assert without == {"orthanc", "flower"}, "a stand-in, and a page that may be away"


def test_redis_loses_and_evicts_nothing() -> None:
    assert "--appendonly yes" in text()
    assert "--maxmemory-policy noeviction" in text()


def test_secrets_are_files() -> None:
    assert not re.search(r"(PASSWORD|_URL): ", text())
    assert re.findall(r"^    file: (.+)$", text(), re.MULTILINE) == [f"./deploy/secrets/{name}" for name in SECRETS]
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
    assert set(first) == set(SECRETS)
    assert len(first["postgres_password"]) == len(first["grafana_password"]) == 48
    assert re.fullmatch(r"opportune:[0-9a-f]{48}", first["flower_login"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "dashboard_certificate", folder / "dashboard_key")
    names = x509.load_pem_x509_certificate(first["dashboard_certificate"].encode()).extensions
    assert names.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == [
        "localhost"
    ]
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


def test_the_archive_of_the_demo_has_a_viewer() -> None:
    orthanc = json.loads((DEPLOY / "orthanc.json").read_text(encoding="utf-8"))
    assert orthanc["DicomWeb"]["Enable"] is True
    assert orthanc["OHIF"]["DataSource"] == "dicom-web"
    assert services()["orthanc"]["environment"]["OHIF_PLUGIN_ENABLED"] == "true"


def test_what_is_mounted_exists() -> None:
    for name, values in services().items():
        for volume in values.get("volumes", []):
            source = str(volume).split(":")[0]
            assert not source.startswith("/") or Path(source).exists(), (name, source)
