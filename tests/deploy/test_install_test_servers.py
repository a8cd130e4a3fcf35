"""The installer, with stand-ins for the programs that would change this machine."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "install-test-servers.sh"
PACKAGES = ["orthanc", "orthanc-dicomweb", "dcmtk", "dicom3tools", "redis-server", "postgresql", "strace", "openssl"]


@dataclass
class Machine:
    """A machine of which only the script's own tools are real."""

    folder: Path

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def installed(self, *packages: str) -> None:
        cases = "".join(f'{name}) echo "install ok installed";; ' for name in packages)
        self.program("dpkg-query", f'case "${{@: -1}}" in {cases}*) exit 1;; esac')

    @property
    def policy(self) -> Path:
        return self.folder / "policy-rc.d"

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text(encoding="utf-8").splitlines() if log.is_file() else []

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.folder / "bin" / "bash"), str(SCRIPT), *arguments],
            env={"PATH": str(self.folder / "bin"), "POLICY_RC_D": str(self.policy)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("bash", "grep", "mktemp", "rm", "tee", "chmod", "cat", "env"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    made.program("id", "echo 0")
    # says what it was asked, and whether daemons were forbidden to start then
    made.program("apt-get", f'echo "$* policy=$("{made.policy}" 2>/dev/null; echo $?)" >> {tmp_path}/calls')
    made.installed()
    return made


def test_nothing_to_do(machine: Machine) -> None:
    machine.installed(*PACKAGES)
    result = machine.run()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert machine.calls == []


def test_what_is_missing_is_installed_and_nothing_started(machine: Machine) -> None:
    machine.installed("dcmtk", "postgresql", "strace", "openssl")
    result = machine.run()
    assert result.returncode == 0, result.stderr
    update, install = machine.calls
    assert update.startswith("-qq update")
    assert install.endswith("orthanc orthanc-dicomweb dicom3tools redis-server policy=101")
    assert not machine.policy.exists()
    assert result.stdout == ""


def test_further_packages_by_name(machine: Machine) -> None:
    machine.installed(*PACKAGES)
    assert machine.run("docker-compose").returncode == 0
    assert machine.calls[1].endswith(" docker-compose policy=101")


def test_a_policy_that_is_there_is_left_alone(machine: Machine) -> None:
    machine.policy.write_text("#!/bin/bash\nexit 104\n", encoding="utf-8")
    machine.policy.chmod(0o755)
    assert machine.run().returncode == 0
    assert machine.calls[1].endswith("policy=104")
    assert "104" in machine.policy.read_text(encoding="utf-8")


def test_a_failure_is_loud(machine: Machine) -> None:
    machine.program("apt-get", "echo 'E: no such package'; exit 100")
    result = machine.run()
    assert result.returncode != 0
    assert "E: no such package" in result.stderr
    assert "failed: apt-get -qq update" in result.stderr
    assert not machine.policy.exists()


def test_neither_root_nor_sudo(machine: Machine) -> None:
    machine.program("id", "echo 1000")
    result = machine.run()
    assert result.returncode == 1
    assert "neither root nor sudo" in result.stderr
    assert machine.calls == []


def test_sudo_is_used(machine: Machine) -> None:
    machine.program("id", "echo 1000")
    machine.program("sudo", f'echo "sudo $1" >> {machine.folder}/calls; exec "$@"')
    assert machine.run().returncode == 0
    assert "sudo apt-get" in machine.calls
    assert not machine.policy.exists()


def test_no_debian(machine: Machine) -> None:
    (machine.folder / "bin" / "apt-get").unlink()
    result = machine.run()
    assert result.returncode == 1
    assert "needs Debian's apt-get" in result.stderr


def test_the_script_can_be_executed() -> None:
    assert os.access(SCRIPT, os.X_OK)
