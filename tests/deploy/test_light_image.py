"""The roles of the light image run without what its lock leaves out."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from dicom_node import scu
from dicom_node.identity import Timeouts
from screening.settings import Destination
from tests.acceptance.node import free_port, wait_for
from tests.deploy.documents import DEPLOY, ROOT

IMPORTED = {"torch": "torch", "monai": "monai", "openvino": "openvino", "openvino-telemetry": "openvino_telemetry",
            "highdicom": "highdicom", "imagecodecs": "imagecodecs", "scipy": "scipy",
            "pyjpegls": "jpeg_ls"}  # fmt: skip
"""What the light lock leaves out, by the names that Python imports."""

SETTINGS = """
[node]
bind = "127.0.0.1"
port = {port}
minimum_free_mb = 0
[[peers]]
ae_title = "SENDER"
address = "127.0.0.1"
[[destinations]]
name = "pacs"
ae_title = "PACS"
address = "127.0.0.1"
port = 104
[models.cap_mortality_cxr]
enabled = true
[models.bone_muscle_ct]
enabled = true
[dashboard]
port = {dashboard}
[metrics]
port = {metrics}
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in whose processes nothing of it can be found."""
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
            from importlib.machinery import PathFinder

            find = PathFinder.find_spec

            def find_spec(name, path=None, target=None):
                absent = name.partition(".")[0] in {sorted(IMPORTED.values())}
                return None if absent else find(name, path, target)

            PathFinder.find_spec = find_spec
        """),
        encoding="utf-8",
    )
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{tmp_path}:{ROOT}"}


def test_the_lock_leaves_out_these() -> None:
    names = [
        set(re.findall(r"^([a-z0-9-]+)==", (DEPLOY / lock).read_text(encoding="utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", "light.lock")
    ]
    assert names[0] - names[1] == set(IMPORTED) - {"torch"}


def test_they_are_absent(environment: dict[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import torch"], env=environment, capture_output=True, text=True, check=False
    )
    assert "No module named 'torch'" in ended.stderr


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker", *command], cwd=folder, env=environment, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip


def _alive(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.read() == b"ok")
    except URLError:
        return False


@pytest.mark.slow
def test_each_role_but_the_worker_starts_and_is_healthy(tmp_path: Path, environment: dict[str, str]) -> None:
    port, metrics, page = free_port(), free_port(), free_port()
    folder = tmp_path / "node"
    folder.mkdir()
    text = SETTINGS.format(port=port, metrics=metrics, dashboard=page)
    (folder / "opportune.toml").write_text(text, encoding="utf-8")
    us = Destination(name="us", ae_title="OPPORTUNE", address="127.0.0.1", port=port)
    roles = {}
    try:
        for role in (["listener"], ["reconciler"], ["delivery"], ["dashboard"], ["metrics", "--serve"]):
            roles[role[0]] = subprocess.Popen(
                [sys.executable, "-m", "worker", *role], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
            )
            if role == ["listener"]:
                wait_for("listener", lambda: scu.echo(us, "SENDER", Timeouts(acse=5, connect=5)).ok, 120, every=0.2)
        health = _run(["doctor", "--local", "--json"], folder, environment)
        assert health.returncode == 0, health.stdout + health.stderr
        assert "opportune_database_up 1" in _run(["metrics"], folder, environment).stdout
        wait_for("dashboard", lambda: _alive(page), 60, every=0.2)
        assert {name: process.poll() for name, process in roles.items()} == dict.fromkeys(roles)
    finally:
        for process in roles.values():
            process.terminate()
        said = {name: process.communicate(timeout=60)[1] for name, process in roles.items()}
    assert "No module named" not in "".join(said.values())


def test_intake_selects_without_them(environment: dict[str, str]) -> None:
    """Every model's selection, which the reconciler runs."""
    code = """
        import worker.roles, worker.bootstrap, worker.intake, worker.indexing, worker.delivery, worker.commitment
        from models import registry
        from screening.types import ClinicalContext, Study
        for name in registry.names():
            registry.config_digest(name)
            registry.relevant(name, ClinicalContext())
            registry.selector(name)(Study(study_instance_uid="1.2.3", series=()))
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
