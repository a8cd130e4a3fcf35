"""Checks what the node needs, one line each, so that a failing one says what to mend."""

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass

from celery import Celery

from db.engine import SchemaState, database_now, make_engine, make_sessions, schema_state, transaction
from dicom_node import scu
from dicom_node.tls import server_context
from models import indication, registry
from models.engines import openvino_import
from screening.errors import ScreeningError
from screening.settings import Destination, Settings
from worker import spool_owner
from worker.sandbox import warming
from worker.sandbox.confinement import kept_from
from worker.timeouts import timeouts_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings, *, local: bool = False) -> list[Check]:
    """Look at everything, changing nothing but a missing home; a failure of one does not stop the others.

    local: leaves out the destinations. A container is not ill because an archive is down.
    """
    checks = [
        _check("home", lambda: _home(settings)),
        _check("permissions", lambda: _permissions(settings)),
        _check("database", lambda: _database(settings)),
        _check("spool", lambda: _spool(settings)),
        _check("broker", lambda: _broker(settings)),
        _check("peers", lambda: _peers(settings)),
        _check("tls", lambda: _tls(settings)),
        _check("models", lambda: _models(settings)),
        _check("sandbox", lambda: _sandbox(settings)),
        _check("engine", lambda: _engine(settings)),
    ]
    checks += [_check(f"weights of {name}", _verifier(settings, name)) for name in registry.names()]
    if not local:
        checks += [_check(f"destination {item.name}", _echoer(settings, item)) for item in settings.destinations]
    return checks


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, detail=look())
    except (ScreeningError, OSError) as exc:
        return Check(name=name, ok=False, detail=str(exc))


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(settings.home).free // 2**20
    if free < settings.node.minimum_free_mb:
        raise OSError(f"{settings.home}: {free} MB free, node.minimum_free_mb is {settings.node.minimum_free_mb}")
    return f"{settings.home}: {free} MB free"


def _permissions(settings: Settings) -> str:
    """Images and results are for the node's user alone."""
    database = [path for path in settings.home.glob("opportune.sqlite*") if path.is_file()]
    folders = [settings.engine_cache, settings.spool, *settings.spool.glob("?"), *settings.spool.glob("?/?")]
    for path in (*(path for path in folders if path.is_dir()), *database):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:  # SQLite removes its log when the last connection is closed
            continue
        if mode & 0o077:
            wanted = "0700" if path.is_dir() else "0600"
            raise OSError(f"{path} is open to other users (mode {mode:04o}): chmod {wanted} it")
    return "spool, database file and compiled networks are for this user alone"


_OUTDATED = {
    SchemaState.BEHIND: "its schema is behind this release; start the node to bring it up to date",
    SchemaState.NEWER: "its schema is of a newer release; install the release that wrote it",
}


def _database(settings: Settings) -> str:
    if settings.database_url is None and not (settings.home / "opportune.sqlite").is_file():
        raise OSError(f"there is no database in {settings.home} yet; start the node to make it")
    engine = make_engine(settings.sqlalchemy_url)
    try:
        with transaction(make_sessions(engine), read_only=True) as session:
            at, state = database_now(session), schema_state(session)
    finally:
        engine.dispose()
    if state is not SchemaState.CURRENT:
        raise OSError(f"{engine.dialect.name}: {_OUTDATED[state]}")
    return f"{engine.dialect.name}, up to date, its clock says {at:%Y-%m-%d %H:%M:%S} UTC"


def _spool(settings: Settings) -> str:
    """Whether this host sees the files that the listener's host writes."""
    if settings.database_url is None and not (settings.home / "opportune.sqlite").is_file():
        raise OSError(f"there is no database in {settings.home} yet; start the node to make it")
    engine = make_engine(settings.sqlalchemy_url)
    try:
        why = spool_owner.trouble(make_sessions(engine), settings.spool)
    finally:
        engine.dispose()
    if why is not None:
        raise OSError(why)
    return f"{settings.spool}: the one that the listener writes to"


def _broker(settings: Settings) -> str:
    if settings.embedded:
        return "in this process (broker_url is not set)"
    app = Celery(broker=settings.broker, set_as_current=False)
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
            return f"{connection.transport.driver_type} answers"
    except Exception as exc:  # noqa: BLE001 (every transport has its own errors)
        raise OSError(f"the broker does not answer ({type(exc).__name__}); check broker_url") from None


def _peers(settings: Settings) -> str:
    if not settings.peers:
        raise OSError("no [[peers]] are set: every sender is refused")
    plain = sorted({peer.ae_title for peer in settings.peers if not peer.certificates})
    by_tls = len(settings.peers) - sum(not peer.certificates for peer in settings.peers)
    warning = f"; WARNING: without TLS: {', '.join(plain)}" if plain else ""
    return f"{len(settings.peers)} may send, {by_tls} by TLS{warning}"


def _tls(settings: Settings) -> str:
    if not settings.tls.enabled:
        return "off: nothing is encrypted, and AE titles are no authentication; see docs/tls.md"
    server_context(settings.tls)
    plain = sorted(item.name for item in settings.destinations if not item.use_tls)
    warning = f"; WARNING: destinations without TLS: {', '.join(plain)}" if plain else ""
    return f"port {settings.tls.port}, profile {settings.tls.profile.upper()}{warning}"


def _sandbox(settings: Settings) -> str:
    """Not ill where the kernel does not offer it or the settings do without: the detail says so."""
    tried = kept_from(settings.worker)
    kept = [what for what, prevented in tried.items() if prevented]
    missing = [what for what, prevented in tried.items() if not prevented]
    told = f"the child is kept from {', '.join(kept)}" if kept else "the child is kept from nothing"
    if not missing:
        return told
    why = "worker.confined is false" if not settings.worker.confined else "this kernel does not offer it"
    return f"{told}; NOT from {', '.join(missing)} ({why})"


def _engine(settings: Settings) -> str:
    """Not ill where networks are not compiled yet: torch runs them."""
    if not warming.wanted(settings):
        if settings.worker.engine == "openvino":
            raise OSError("worker.engine is openvino, which is not installed: pip install openvino")
        return f"torch (worker.engine is {settings.worker.engine}, worker.device {settings.worker.device})"
    models = warming.enabled(settings)
    lacking = warming.missing(settings, models)
    told = f"OpenVINO {openvino_import.version()}, {len(models) - len(lacking)} of {len(models)} models compiled"
    return f"{told}; torch runs {', '.join(lacking)} until the worker has done so" if lacking else told


def _models(settings: Settings) -> str:
    enabled = [name for name, model in sorted(settings.models.items()) if model.enabled]
    if not enabled:
        raise OSError("no model is enabled: set [models.NAME] enabled = true")
    return ", ".join(f"{name} ({indication.rule(name, settings.models[name])[0]})" for name in enabled)


def _verifier(settings: Settings, name: str) -> Callable[[], str]:
    model = settings.of_model(name)

    def look() -> str:
        card = registry.card(name, model)
        registry.require_untampered(name, model, settings.signatures)
        card.verify(registry.bundle(name, model))
        own = "" if model.bundle is None else f", the site's own in {model.bundle}"
        return f"version {card.version}, SHA-256 {card.weights_sha256[:12]} as on the card{own}"

    return look


def _echoer(settings: Settings, destination: Destination) -> Callable[[], str]:
    def look() -> str:
        result = scu.echo(destination, settings.node.ae_title, timeouts_of(settings.delivery))
        if not result.ok:
            raise OSError(result.detail)
        return result.detail

    return look
