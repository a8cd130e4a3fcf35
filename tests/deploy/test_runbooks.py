"""The runbooks' commands, as they stand on the page, on a node of real processes: nothing that was taken is lost."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from db.engine import make_engine, migration_config
from dicom_node.standin_pacs import Script
from tests.acceptance.canaries import write_canary
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.sending import send
from tests.deploy.documents import ROOT
from tests.dicom_node.network import running_standin
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

PAGE = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
BLOCKS = {
    block.splitlines()[0].removeprefix("# "): block for block in re.findall(r"^```sh\n(.+?)^```", PAGE, re.M | re.S)
}
BEFORE = "0005"  #: a schema of an earlier release


@dataclass
class Site:
    """A node, and where its runbook's commands find what they name."""

    node: NodeUnderTest
    folder: Path
    server: PostgresServer
    stored: Path  #: what the archive took

    @property
    def backup(self) -> Path:
        return self.folder / "backups" / "opportune" / "now"

    def run(self, name: str) -> str:
        """Run a block of the page; what it printed. `systemctl` starts and stops the node's processes."""
        said = ""
        for step in re.split(r"^(systemctl .+)\n", BLOCKS[name], flags=re.M):
            if step.startswith("systemctl stop"):
                self.node.stop()
            elif step.startswith("systemctl start"):
                self.node.start()
            elif not step.startswith("systemctl"):
                said += self._bash(step)
        return said

    def _bash(self, script: str) -> str:
        script = BLOCKS["what the commands below use"] + script
        for there, here in {
            "/var/lib/opportune": self.node.folder / "opportune-data",
            "/etc/opportune": self.folder / "etc",
            "/var/backups": self.folder / "backups",
            "$(date +%Y%m%d-%H%M%S)": "now",
            "/opt/opportune/bin": self.folder / "bin",
            ":11112": f":{self.node.port}",
        }.items():
            script = script.replace(there, str(here))
        environment = self.node._environment()
        environment["PATH"] = f"{self.folder / 'bin'}:{self.server.programs}:{os.environ['PATH']}"
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.node.folder, env=environment, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def engine(self) -> Engine:
        return make_engine(str(self.node.database_url))

    def take(self, path: Path, received: int) -> None:
        """Send a study and wait until everything that follows is done."""
        (result,) = send(self.node, [path])
        assert result.stored
        self.settle(received)

    def settle(self, received: int) -> None:
        wait_for("everything", lambda: self.node.settled(received=received), 240, every=0.2)

    def studies(self) -> set[str]:
        return {str(study["study_instance_uid"]) for study in self.node.studies()}


@pytest.fixture
def site(tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer) -> Iterator[Site]:
    url = postgres_server.database()
    url = f"postgresql://opportune@127.0.0.1:{postgres_server.port}/{make_url(url).database}"
    with running_standin(tmp_path / "archive", Script()) as (_, port):
        node = NodeUnderTest(
            folder=tmp_path / "node", destination=("STANDIN", port), database_url=url, broker_url=redis_server.url
        )
        with (node.folder / "opportune.toml").open("a", encoding="utf-8") as file:
            file.write('[[peers]]\nae_title = "RESTORE"\naddress = "127.0.0.1"\n')
        (tmp_path / "etc" / "secrets").mkdir(parents=True)
        (tmp_path / "etc" / "secrets" / "database_url").write_text(url, encoding="utf-8")
        (tmp_path / "bin").mkdir()
        for name, line in {
            "opportune": f'exec {sys.executable} -m worker "$@"',
            "pip": f"echo pip $* >> {tmp_path}/pip",
        }.items():
            program = tmp_path / "bin" / name
            program.write_text(f"#!/bin/bash\n{line}\n", encoding="utf-8")
            program.chmod(0o755)
        yield Site(node, tmp_path, postgres_server, tmp_path / "archive")
        node.stop()


def _objects(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.slow
def test_backup_and_restore_lose_nothing(site: Site, tmp_path: Path) -> None:
    site.node.start()
    site.take(write_canary(tmp_path / "before.dcm"), 1)
    site.run("backup")
    assert {path.name for path in site.backup.iterdir()} == {
        "begun",
        "database.dump",
        "home.tar",
        "config.tar",
        "complete",
    }
    assert site.backup.stat().st_mode & 0o777 == 0o700
    site.take(write_canary(tmp_path / "after.dcm"), 2)
    studies, objects = site.studies(), _objects(site.stored)
    assert len(studies) == 2
    assert site.run("try a restore").split()[-1] == "1"
    site.node.stop()
    engine = site.engine()
    with engine.begin() as connection:  # the disaster
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    site.run("restore")
    assert site.studies() < studies
    later = [path for path in (site.backup / "later").rglob("*") if path.is_file()]
    assert len(later) == 2, "what came while the database was copied goes again too"
    site.run("send again")
    site.settle(3)
    assert site.node.counts()["instances"]["duplicate"] == 1
    assert site.studies() == studies
    assert _objects(site.stored) == objects, "the same results under the same UIDs"


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.slow
def test_upgrade_and_rollback_lose_nothing(site: Site, tmp_path: Path) -> None:
    engine = site.engine()
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        connection.execute(
            text(
                "INSERT INTO studies (study_instance_uid, accession_number, patient_id, issuer_of_patient_id,"
                " first_received_at, last_received_at, intake_due) VALUES ('1.2.3', 'A', 'P', '', :at, :at, false)"
            ),
            {"at": datetime(2026, 5, 4, tzinfo=UTC)},
        )
    site.run("upgrade")
    assert "pip install -c constraints.txt ." in (tmp_path / "pip").read_text(encoding="utf-8")
    assert site.node.counts()["studies"] == 1, "what the old release knew is there, and counted"
    (result,) = send(site.node, [write_canary(tmp_path / "new.dcm")])
    assert result.stored
    wait_for("both", lambda: len(site.studies()) == 2, 60, every=0.2)
    studies = site.studies()

    schemas = []
    start = site.node.start

    def look_and_start() -> None:
        with engine.connect() as connection:
            schemas.append(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        start()

    site.node.start = look_and_start  # type: ignore[method-assign,assignment]
    site.run("rollback")
    assert schemas == [BEFORE]
    assert site.studies() == {"1.2.3"}
    site.run("send again")
    wait_for("both", lambda: site.studies() == studies, 60, every=0.2)
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.redis
def test_removal_leaves_nothing(site: Site) -> None:
    site.node.start("listener")
    site.run("removal")
    assert not (site.node.folder / "opportune-data").exists()
    assert not (site.folder / "etc").exists()


def test_every_block_is_run() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    for name in BLOCKS:
        assert f'"{name}"' in source, name
