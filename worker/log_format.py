"""A log record as one line: JSON for programs, plain for people. Never a record's traceback, which quotes values."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from screening.faults import describe
from screening.printable import printable
from worker.faults import trace
from worker.secrecy import Secrecy

LONGEST = 8192  # characters of a message
OURS = ("worker", "dashboard", "training", "dicom_node", "models", "db", "screening", "__main__")

_fields: ContextVar[Mapping[str, str | int]] = ContextVar("fields", default=MappingProxyType({}))


@contextmanager
def about(**fields: str | int) -> Iterator[None]:
    """Every record of the block, in this thread, bears these fields, e.g. job=17."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


class _OneLine(logging.Formatter):
    """What both formats share."""

    def __init__(self, secrecy: Secrecy, role: str) -> None:
        super().__init__()
        self._secrecy = secrecy
        self._role = role

    def _values(self, record: logging.LogRecord) -> dict[str, Any]:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        values: dict[str, Any] = {
            "at": at,
            "level": record.levelname,
            "logger": record.name,
            "role": self._role,
            "pid": record.process,
            **_fields.get(),
            "message": printable(self._secrecy.hide(_said(record)), longest=LONGEST),
        }
        if record.exc_info is not None and (exc := record.exc_info[1]) is not None:
            values |= {"exception": describe(exc), "trace": trace(exc)}
        return values


class JsonLine(_OneLine):
    """One JSON object a line, ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(self._values(record))


class PlainLine(_OneLine):
    """Moment, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        values = self._values(record)
        fields = "".join(f" {key}={value}" for key, value in _fields.get().items())
        fault = f": {values['exception']}" if "exception" in values else ""
        return f"{values['at']} {values['level']:<7} {values['logger']}:{fields} {values['message']}{fault}"


def _said(record: logging.LogRecord) -> str:
    """The message. Of a library's record on an exception only the template: its values quote the exception."""
    if record.exc_info is not None and record.name.split(".")[0] not in OURS:
        return str(record.msg)
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a template that does not fit its values
        return str(record.msg)
