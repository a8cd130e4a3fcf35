"""Runs `opportune` in this process as a shell would: arguments in, exit status and both streams out."""

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from worker.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said to a program."""
        return json.loads(self.out)

    @property
    def words(self) -> str:
        """What it said on stderr, lines joined."""
        return " ".join(self.err.split())


def opportune(*arguments: object) -> Ended:
    """Run a command through the entry point of the distribution."""
    out, err = io.StringIO(), io.StringIO()
    wide = mock.patch.dict("os.environ", {"COLUMNS": "1000", "TERM": "dumb"})
    called = mock.patch.object(sys, "argv", ["opportune", *map(str, arguments)])
    status: object = 0
    with wide, called, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as exc:
            status = exc.code
    assert status is None or isinstance(status, int)
    return Ended(status or 0, out.getvalue(), err.getvalue())
