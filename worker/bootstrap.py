"""The composition root: builds the parts from the settings. Nothing else knows which concrete part is used."""

from dataclasses import dataclass

from celery import Celery
from sqlalchemy import Engine

from db.engine import make_engine, make_sessions, migrate, transaction
from dicom_node.ledger import DatabaseLedger
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from screening.settings import Settings
from worker.audit_reports import reporter
from worker.audit_sending import AuditSender
from worker.bell import Bell
from worker.celery_app import make_app
from worker.delivery import deliver
from worker.leases import owner_name, release_the_dead
from worker.log_format import about
from worker.monitoring.notifier import Notifier
from worker.ports import Ports
from worker.reconciler import Reconciler
from worker.sandbox.parent import Sandbox
from worker.screening_job import screen


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """The parts of a node that share a database, a spool and a broker."""

    settings: Settings
    engine: Engine
    ports: Ports

    def listener(self, reconciler: Reconciler | None = None) -> Listener:
        """The listener; it wakes the reconciler of its process, if there is one."""
        return Listener(
            node=self.settings.node,
            peers=self.settings.peers,
            destinations=self.settings.destinations,
            spool=self.ports.spool,
            ledger=DatabaseLedger(self.ports.sessions, reporter(self.settings)),
            on_stored=reconciler.wake if reconciler is not None else _nobody,
            tls=self.settings.tls,
        )

    def reconciler(self) -> Reconciler:
        """The reconciler."""
        return Reconciler(self.ports)

    def audit_sender(self) -> AuditSender:
        """What takes audit messages where they shall go."""
        return AuditSender(self.ports)

    def notifier(self) -> Notifier:
        """What tells people that something is wrong."""
        return Notifier(self.ports)

    def celery_app(self, sandbox: Sandbox) -> Celery:
        """A Celery app whose tasks work on this node's database; takes back what dead processes of this host held."""
        owner = owner_name()
        with transaction(self.ports.sessions) as session:
            release_the_dead(session)

        def screen_job(job_id: int) -> None:
            with about(job=job_id):
                screen(job_id, self.ports, sandbox, owner)

        def send_delivery(delivery_id: int) -> None:
            with about(delivery=delivery_id):
                deliver(delivery_id, self.ports, owner)

        return make_app(self.settings, screen=screen_job, deliver=send_delivery)

    def sandbox(self) -> Sandbox:
        """A child process for one worker."""
        return Sandbox(self.settings.worker)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def build(settings: Settings) -> Node:
    """Build a node: make its folders, bring its database up to date.

    Raises
    ------
    DatabaseUnavailable
        If the database does not answer.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.sqlalchemy_url)
    migrate(engine)
    spool = Spool(
        settings.spool,
        minimum_free=settings.node.minimum_free_mb * 2**20,
        flush_names=True if settings.node.flush_folders else None,
    )
    publisher = make_app(settings, screen=_not_here, deliver=_not_here)
    ports = Ports(settings=settings, sessions=make_sessions(engine), spool=spool, bell=Bell(publisher))
    return Node(settings=settings, engine=engine, ports=ports)


def _nobody() -> None:
    """Wake nobody: the reconciler is another process and looks by itself."""


def _not_here(row_id: int) -> None:
    """Refuse work: this app only publishes."""
    raise RuntimeError(f"row {row_id} reached an app that only publishes")
