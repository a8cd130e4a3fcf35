"""The manifests hang together and ask for no right too many; kubeconform reads their schema where there is one."""

import os
import re
import shutil
import subprocess
from typing import Any

import pytest
from sqlalchemy import text

from db import pauses
from db.engine import make_engine, make_sessions, migrate, transaction
from screening.monitoring_settings import Metrics
from screening.settings import Node, WorkerSettings, load
from tests.db import factories
from tests.deploy.documents import DEPLOY, read_all_yaml, read_yaml
from tests.test_docs import command_lines

FOLDER = DEPLOY / "k8s"
KUSTOMIZATION = read_yaml(FOLDER / "kustomization.yaml")
OBJECTS = [one for name in KUSTOMIZATION["resources"] for one in read_all_yaml(FOLDER / name)]
ROLES = ("listener", "reconciler", "delivery", "worker", "dashboard", "metrics")

REQUIRED = {
    ("apps/v1", "Deployment"): ("selector", "template"),
    ("v1", "Service"): ("selector", "ports"),
    ("v1", "PersistentVolumeClaim"): ("accessModes", "resources"),
    ("v1", "ServiceAccount"): (),
    ("networking.k8s.io/v1", "Ingress"): ("tls", "rules"),
    ("networking.k8s.io/v1", "NetworkPolicy"): ("podSelector", "policyTypes"),
    ("keda.sh/v1alpha1", "ScaledObject"): ("scaleTargetRef", "triggers"),
    ("keda.sh/v1alpha1", "TriggerAuthentication"): ("secretTargetRef",),
}


def of_kind(kind: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one["spec"] for one in OBJECTS if one["kind"] == kind}


def pod(role: str) -> dict[str, Any]:
    found: dict[str, Any] = of_kind("Deployment")[f"opportune-{role}"]["template"]["spec"]
    return found


def container(role: str) -> dict[str, Any]:
    (found,) = pod(role)["containers"]
    return dict(found)


def environment(role: str) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container(role)["env"]}


def test_kubeconform_accepts_them() -> None:
    """No registry that we use brings it: a site that has it may run this."""
    if shutil.which("kubeconform") is None:
        pytest.skip("kubeconform is not installed; the structure is tested below")
    files = [str(FOLDER / name) for name in KUSTOMIZATION["resources"]]
    command = ["kubeconform", "-strict", "-ignore-missing-schemas", *files]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=dict(os.environ))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_file_is_in_the_kustomization() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert KUSTOMIZATION["configMapGenerator"][0]["files"] == ["opportune.toml"]


def test_objects_are_of_known_kinds_with_what_these_need() -> None:
    for one in OBJECTS:
        needed = REQUIRED[one["apiVersion"], one["kind"]]
        assert set(needed) <= set(one.get("spec", {})), one["metadata"]["name"]
        assert re.fullmatch(r"[a-z0-9-]{1,63}", one["metadata"]["name"])
    names = [(one["kind"], one["metadata"]["name"]) for one in OBJECTS]
    assert len(set(names)) == len(names)


def test_there_is_a_deployment_for_each_role() -> None:
    assert set(of_kind("Deployment")) == {f"opportune-{role}" for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_has_no_right_too_many(role: str) -> None:
    spec = pod(role)
    whole, own = spec["securityContext"], container(role)["securityContext"]
    assert (whole["runAsNonRoot"], whole["runAsUser"]) == (True, 10001)
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
    }  # fmt: skip
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert not any("hostPath" in volume for volume in spec["volumes"])
    assert container(role)["resources"]["limits"]["memory"]


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_runs_a_role_in_an_image_that_can(role: str) -> None:
    found = container(role)
    assert found["args"][0] == role
    assert role in command_lines()
    assert found["image"] == ("opportune:cpu" if role == "worker" else "opportune:light")
    assert found["livenessProbe"]
    labels = of_kind("Deployment")[f"opportune-{role}"]
    assert labels["selector"]["matchLabels"] == labels["template"]["metadata"]["labels"]


@pytest.mark.parametrize("role", ROLES)
def test_what_is_mounted_is_there(role: str) -> None:
    volumes = {item["name"]: item for item in pod(role)["volumes"]}
    mounts = {item["name"]: item["mountPath"] for item in container(role)["volumeMounts"]}
    assert set(volumes) == set(mounts)
    assert volumes["home"]["persistentVolumeClaim"]["claimName"] in of_kind("PersistentVolumeClaim")
    assert volumes["settings"]["configMap"]["name"] == KUSTOMIZATION["configMapGenerator"][0]["name"]
    found = environment(role)
    assert found["OPPORTUNE_HOME"] == mounts["home"]
    assert found["OPPORTUNE_CONFIG"] == f"{mounts['settings']}/opportune.toml"
    for name in ("DATABASE_URL", "BROKER_URL"):
        assert found[f"OPPORTUNE_{name}_FILE"] == f"{mounts['secrets']}/{name.lower()}"
        assert f"OPPORTUNE_{name}" not in found


def test_settings_are_valid() -> None:
    settings = load({}, FOLDER / "opportune.toml")
    assert settings.node.port == Node().port
    assert all("simulation" not in item.accept_evidence for item in settings.destinations)


def test_a_worker_has_time_to_end_its_job() -> None:
    assert pod("worker")["terminationGracePeriodSeconds"] > WorkerSettings().job_timeout_seconds


def test_the_spool_has_one_writer() -> None:
    listener = of_kind("Deployment")["opportune-listener"]
    assert (listener["replicas"], listener["strategy"]["type"]) == (1, "Recreate")


def test_services_lead_to_their_pods() -> None:
    for name, ports in (("listener", Node().port), ("metrics", Metrics().port)):
        service = of_kind("Service")[f"opportune-{name}"]
        assert service["selector"] == {"app.kubernetes.io/component": name}
        (port,) = service["ports"]
        named = {item["name"]: item["containerPort"] for item in container(name)["ports"]}
        assert named[port["targetPort"]] == port["port"] == ports
    assert of_kind("Service")["opportune-listener"]["externalTrafficPolicy"] == "Local", "peers are known by address"


def test_probes_ask_what_is_answered() -> None:
    found = container("metrics")
    assert found["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert found["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert environment("metrics")["OPPORTUNE_METRICS__BIND"] == "0.0.0.0"
    for role in ("reconciler", "delivery", "worker"):
        assert container(role)["livenessProbe"]["exec"]["command"] == ["opportune", "doctor", "--local", "--json"]


def test_the_dashboard_is_behind_an_ingress_that_ends_tls() -> None:
    found = {name: value for name, value in environment("dashboard").items() if "DASHBOARD" in name}
    settings = load(found, FOLDER / "opportune.toml").dashboard
    assert (settings.host, settings.certificate, settings.secure) == ("0.0.0.0", None, True)
    (rule,) = (ingress := of_kind("Ingress")["opportune-dashboard"])["rules"]
    assert (rule["host"],) == settings.hosts == tuple(ingress["tls"][0]["hosts"])
    (path,) = rule["http"]["paths"]
    (port,) = of_kind("Service")[path["backend"]["service"]["name"]]["ports"]
    assert (port["name"], port["port"]) == (path["backend"]["service"]["port"]["name"], settings.port)
    (opened,) = of_kind("NetworkPolicy")["opportune-dashboard-in"]["ingress"]
    assert [one["port"] for one in opened["ports"]] == [settings.port]
    for probe in ("readinessProbe", "livenessProbe"):
        asked = container("dashboard")[probe]["httpGet"]
        assert (asked["path"], asked["httpHeaders"]) == ("/healthz", [{"name": "Host", "value": "localhost"}])
        assert asked["httpHeaders"][0]["value"] in settings.known_hosts


def test_network_is_closed_but_for_what_is_named() -> None:
    policies = of_kind("NetworkPolicy")
    everything = policies["opportune"]
    assert everything["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "opportune"}}
    (pair,) = KUSTOMIZATION["labels"]
    assert pair["pairs"] == {"app.kubernetes.io/name": "opportune"}
    assert pair["includeTemplates"] is True, "the policy finds pods by this label"
    assert everything["policyTypes"] == ["Ingress", "Egress"]
    assert everything["ingress"] == []
    for name, policy in policies.items():
        for rule in [*policy.get("ingress", []), *policy.get("egress", [])]:
            assert rule.get("from") or rule.get("to"), name
            assert rule["ports"], name
            for end in [*rule.get("from", []), *rule.get("to", [])]:
                assert end.get("ipBlock", {}).get("cidr") != "0.0.0.0/0", name


@pytest.mark.postgres
def test_the_query_that_scales_is_answered_by_the_schema(postgres_url: str) -> None:
    (trigger,) = of_kind("ScaledObject")["opportune-worker"]["triggers"]
    assert trigger["type"] == "postgresql"
    engine = make_engine(postgres_url)
    migrate(engine)
    query, sessions = text(trigger["metadata"]["query"]), make_sessions(engine)
    with transaction(sessions) as s:
        assert s.execute(query).scalar_one() == 0
        factories.claimed(s)
        factories.open_job(s, images="other")
        assert s.execute(query).scalar_one() == 2
        pauses.pause(s, pauses.Part.SCREENING, who="jane", why="no worker is wanted for what may not be claimed")
        assert s.execute(query).scalar_one() == 1
    engine.dispose()


def test_the_scaler_scales_the_worker_with_the_nodes_own_url() -> None:
    scaled = of_kind("ScaledObject")["opportune-worker"]
    assert scaled["scaleTargetRef"]["name"] in of_kind("Deployment")
    assert "replicas" not in of_kind("Deployment")["opportune-worker"], "it would be set back at every apply"
    authentication = of_kind("TriggerAuthentication")[scaled["triggers"][0]["authenticationRef"]["name"]]
    assert authentication["secretTargetRef"] == [
        {"parameter": "connection", "name": "opportune", "key": "database_url"}
    ]
