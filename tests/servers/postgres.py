"""A throw-away PostgreSQL: its own cluster in a temporary folder, on a Unix socket and a free port of loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url

USER = "opportune"


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `database()` makes an empty database and says its URL."""

    folder: Path
    port: int
    programs: Path
    durable: bool = False  #: whether a commit waits for the disk; tests have no power cut

    def url(self, database: str, *, tcp: bool = False) -> str:
        """URL over the Unix socket, or over loopback."""
        host = "127.0.0.1" if tcp else str(self.folder)
        url = URL.create("postgresql+psycopg2", USER, database=database, query={"host": host, "port": str(self.port)})
        return url.render_as_string(hide_password=False)

    def database(self, template: str | None = None) -> str:
        """URL of a new database: empty, or a copy of the one with the URL `template`, in which nobody is."""
        name = f"test_{uuid.uuid4().hex}"
        copied = "" if template is None else f" TEMPLATE {make_url(template).database}"
        self._say(f"CREATE DATABASE {name}{copied}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still in it."""
        self._say(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses=127.0.0.1 -p {self.port} -c max_connections=200"
        options += "" if self.durable else " -F"
        log = str(self.folder / "log")
        self._control("start", "-w", "-t", "60", "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode "immediate" is a crash."""
        self._control("stop", "-w", "-t", "60", "-m", mode)

    def _control(self, *arguments: str) -> None:
        _as_ordinary_user(str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), *arguments)


def find_programs() -> Path | None:
    """The folder of the newest initdb and pg_ctl: Debian keeps them off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    folders += [Path(on_path).resolve().parent] if on_path else []
    return next((p for p in folders if (p / "initdb").is_file() and (p / "pg_ctl").is_file()), None)


def _ordinary_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root, so `postgres` or `nobody` does it for root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _as_ordinary_user(*command: str) -> None:
    user = _ordinary_user()
    uid, gid = (None, None) if user is None else (user.pw_uid, user.pw_gid)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # no pipes: the server would inherit them, and reading their end would wait for it to stop
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", env=environment,
            timeout=120, user=uid, group=gid, extra_groups=None if user is None else [],
        )  # fmt: skip
        output.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{Path(command[0]).name} failed: {output.read().decode(errors='replace')}")


def free_port() -> int:
    """A TCP port of loopback that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server of one's own; skips the test, or in CI fails it, where there is no PostgreSQL."""
    programs = find_programs()
    if programs is None:
        message = "PostgreSQL's server is not installed: run deploy/install-test-servers.sh"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="opportune-pg-", dir="/tmp"))  # a socket path must be short
    user = _ordinary_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    server = PostgresServer(folder=folder, port=free_port(), programs=programs, durable=durable)
    try:
        initdb, data = str(programs / "initdb"), str(folder / "data")
        _as_ordinary_user(initdb, "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for the whole run. Tests that use it carry the marker `postgres`."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of an empty database of the test's own."""
    url = postgres_server.database()
    yield url
    postgres_server.drop(url)
