"""Starts the log of a process: where its lines go, and that nothing else writes to stderr.

Logs hold no patient's name, ID or birth date and no accession number: whoever may read a log may not read those.
"""

import logging
import os
import sys
import threading
import warnings
from pathlib import Path
from types import TracebackType

from screening import failpoints
from screening.errors import ConfigurationError
from screening.log_settings import Log
from screening.settings import Settings
from worker.log_format import JsonLine, PlainLine
from worker.privacy import quiet_libraries
from worker.rotating import PrivateFile
from worker.secrecy import Secrecy, log_key, secrets_of

_log = logging.getLogger(__name__)


def start_logging(settings: Settings, role: str) -> None:
    """Log to stderr, and to a file if the settings name one; one line an event.

    role: of this process; its name is in every line, and in the name of the file unless it is the whole node.

    Raises
    ------
    ConfigurationError
        If the file cannot be opened, or OPPORTUNE_FAULT names what there is not.
    """
    secrecy = Secrecy(log_key(settings), secrets_of(settings))
    stderr = logging.StreamHandler()
    plain = settings.log.format == "plain" or (settings.log.format == "auto" and sys.stderr.isatty())
    stderr.setFormatter(PlainLine(secrecy, role) if plain else JsonLine(secrecy, role))
    handlers: list[logging.Handler] = [stderr]
    if settings.log.file is not None:
        handlers.append(_file(settings.log, file_of(settings.log.file, role)))
        handlers[-1].setFormatter(JsonLine(secrecy, role))
    logging.basicConfig(level=settings.log.level, handlers=handlers, force=True)
    for noisy in ("celery", "kombu", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a line that cannot be written would be printed as it came
    quiet_libraries()
    _take_over()
    failpoints.start(os.environ)


def file_of(path: Path, role: str) -> Path:
    """The log file of a role: processes cannot share one that is rotated."""
    return path if role == "serve" else path.with_name(f"{path.stem}-{role}{path.suffix}")


def _file(log: Log, path: Path) -> PrivateFile:
    try:
        return PrivateFile(path, log.file_mb, log.files)
    except OSError as exc:
        raise ConfigurationError(f"log.file {path} cannot be written: {exc.strerror}") from exc


def _take_over() -> None:
    """What Python would print with its values is logged by type and place."""

    def on_fault(kind: type[BaseException], exc: BaseException | None, _trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        shown = exc if exc is not None else kind()
        _log.critical("the process ends by a fault; please report it", exc_info=shown)

    def on_thread_fault(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "?"
        _log.critical("thread %s ended by a fault; please report it", name, exc_info=args.exc_value)

    def on_unraisable(args: "sys.UnraisableHookArgs") -> None:
        _log.error("a fault in clearing up", exc_info=args.exc_value)

    def on_warning(  # noqa: PLR0917 (Python's signature)
        message: Warning | str,  # noqa: ARG001
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        _log.warning("%s in %s:%d", category.__name__, filename, lineno)

    sys.excepthook = on_fault
    threading.excepthook = on_thread_fault
    sys.unraisablehook = on_unraisable
    warnings.showwarning = on_warning
