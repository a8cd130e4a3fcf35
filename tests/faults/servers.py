"""Rows 20 to 22: Redis and PostgreSQL."""

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import psycopg2
from sqlalchemy.engine import make_url

from dicom_node.reception import OUT_OF_RESOURCES
from tests.acceptance.node import wait_for
from tests.faults.bench import Bench
from tests.faults.matrix import Case, Row, Watch
from tests.faults.proxy import Proxy
from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.redis import RedisServer

EXTRA_SECONDS = 60
BACK_SECONDS = 60

LATENCY = "latency only"
REFUSED = "0xA700 while down, recovers alone"


def wiped(case: Case) -> None:
    """FLUSHALL while jobs wait."""
    with case.bench() as made:
        made.node.kill("worker")
        made.send_until_stored(*(made.study() for _ in range(max(5, 2 * case.effort.random))), seconds=600)
        wait_for("jobs in the queue", lambda: _queued(made) > 0 and made.node.counts()["jobs"]["ready"] > 0, 60)
        _redis(made).flush()
        watch = Watch()
        made.node.start("worker")
        made.await_settled(3600)
        case.count(made, watch.seconds)


def _queued(made: Bench) -> int:
    with _redis(made).client() as client:
        return int(client.llen("screen"))


def _redis(made: Bench) -> RedisServer:
    assert made.redis is not None
    return made.redis


def forgetful(case: Case) -> None:
    """Redis dies and comes back with nothing."""
    with case.bench() as made:
        redis = _redis(made)
        made.send_until_stored(*(made.study() for _ in range(3)))
        redis.kill()
        for path in redis.folder.glob("appendonly*"):
            shutil.rmtree(path)
        made.send_until_stored(made.study())  # nothing of the listener hangs on it
        redis.start()
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)
        case.held_to(EXTRA_SECONDS)


def frozen(case: Case) -> None:
    """Redis stands still for longer than a client waits."""
    with case.bench() as made:
        process = _redis(made)._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        try:
            made.send_until_stored(*(made.study() for _ in range(3)))
            wait_for("jobs", lambda: sum(made.node.counts()["jobs"].values()) == 3, 60)
            threading.Event().wait(15)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)
        case.held_to(EXTRA_SECONDS)


def full(case: Case) -> None:
    """Redis is out of memory and evicts nothing."""
    with case.bench() as made, _redis(made).client() as client:
        client.config_set("maxmemory", "1")
        made.send_until_stored(*(made.study() for _ in range(3)))
        wait_for("jobs", lambda: sum(made.node.counts()["jobs"].values()) == 3, 60)
        client.config_set("maxmemory", "0")
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)
        case.held_to(EXTRA_SECONDS)


Break = Callable[[PostgresServer, ExitStack], None]


def database_fault(begin: Break, end: Callable[[PostgresServer, ExitStack], None], refuses: bool, case: Case) -> None:
    """Break the database between two studies, and mend it."""
    with running_postgres() as postgres, ExitStack() as stack, case.bench(database_url=postgres.database()) as made:
        made.send_until_stored(made.study())
        begin(postgres, stack)
        path = made.study()
        during = made.send(path)
        if refuses:
            assert [result.status for result in during] in ([], [OUT_OF_RESOURCES]), f"answered {during}"
        end(postgres, stack)
        watch = Watch()
        made.send_until_stored(path, made.study())
        made.await_settled()
        case.count(made, watch.seconds)
        case.held_to(BACK_SECONDS)


def _stop(mode: str, postgres: PostgresServer, stack: ExitStack) -> None:
    postgres.stop(mode)


def _start(postgres: PostgresServer, stack: ExitStack) -> None:
    postgres.start()


def _read_only(value: str, postgres: PostgresServer, stack: ExitStack) -> None:
    _say(postgres, f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()")


def _say(postgres: PostgresServer, *statements: str) -> None:
    connection = psycopg2.connect(host=str(postgres.folder), port=postgres.port, user="opportune", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def _hog(postgres: PostgresServer, stack: ExitStack) -> None:
    with suppress(psycopg2.OperationalError):
        while True:
            hog = psycopg2.connect(host=str(postgres.folder), port=postgres.port, user="opportune", dbname="postgres")
            stack.callback(hog.close)


def _let_go(postgres: PostgresServer, stack: ExitStack) -> None:
    stack.close()


@contextmanager
def _proxied(case: Case) -> Iterator[tuple[Bench, Proxy]]:
    """A node that reaches its database through a proxy."""
    postgres = case.servers.postgres()
    url = make_url(postgres.url(str(make_url(postgres.database()).database), tcp=True))
    proxy = Proxy(postgres.port)
    through = url.set(query={"host": "127.0.0.1", "port": str(proxy.port)})
    with case.bench(database_url=through.render_as_string(hide_password=False)) as made:
        yield made, proxy
    proxy.close()


def unknown_outcome(first: bytes, case: Case) -> None:
    """The connection is cut after a COMMIT was sent and before its answer."""
    with _proxied(case) as (made, proxy):
        proxy.cut_after = (first, b"COMMIT")
        path = made.study()
        made.send_until_stored(path)
        wait_for("a cut", lambda: proxy.cuts == 1, 60)
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)
        states = made.node.counts()["instances"]
        assert states["unreadable"] == 0, f"instances: {states}"


ROWS = (
    Row(number="20a", fault="Redis wiped (FLUSHALL) with jobs waiting", expected=LATENCY, run=wiped),
    Row(number="20b", fault="Redis killed, back without its file", expected=LATENCY, run=forgetful),
    Row(number="20c", fault="Redis frozen (SIGSTOP) for 15 s", expected=LATENCY, run=frozen),
    Row(number="20d", fault="Redis out of memory, noeviction", expected=LATENCY, run=full),
    Row(
        number="21a", fault="PostgreSQL stopped (immediate), started", expected=REFUSED,
        run=partial(database_fault, partial(_stop, "immediate"), _start, True),
    ),
    Row(
        number="21b", fault="PostgreSQL stopped (fast), started", expected=REFUSED,
        run=partial(database_fault, partial(_stop, "fast"), _start, True),
    ),
    Row(
        number="21c", fault="PostgreSQL read-only", expected=REFUSED,
        run=partial(database_fault, partial(_read_only, "on"), partial(_read_only, "off"), True),
    ),
    Row(
        number="21d", fault="PostgreSQL out of connections", expected="goes on or 0xA700, recovers alone",
        run=partial(database_fault, _hog, _let_go, False),
    ),
    Row(
        number="22a", fault="outcome of COMMIT unknown: a reception", expected="resolved by key",
        run=partial(unknown_outcome, b"INSERT INTO instances"),
    ),
    Row(
        number="22b", fault="outcome of COMMIT unknown: a result", expected="resolved by key",
        run=partial(unknown_outcome, b"INSERT INTO results"),
    ),
    Row(
        number="22c", fault="outcome of COMMIT unknown: a delivery", expected="resolved by key",
        run=partial(unknown_outcome, b"sent_sop_instance_uid="),
    ),
)  # fmt: skip
