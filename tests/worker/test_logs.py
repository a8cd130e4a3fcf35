"""The log of a process."""

import json
import logging
import stat
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from screening.errors import ConfigurationError
from screening.log_settings import Log
from screening.settings import Settings
from worker.logs import file_of, start_logging


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    for place, name in (
        (sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook"), (warnings, "showwarning"),
        (logging, "raiseExceptions"),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, getattr(place, name))
    with warnings.catch_warnings():
        yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.setLevel(level)
    root.handlers[:] = handlers


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_it_says_what_the_settings_ask_and_quiets_libraries(tmp_path: Path) -> None:
    start_logging(Settings(home=tmp_path, log=Log(level="DEBUG")), "serve")
    assert logging.getLogger().level == logging.DEBUG
    assert logging.getLogger("celery").level == logging.WARNING
    assert not logging.getLogger("pydicom").isEnabledFor(logging.CRITICAL)


@pytest.mark.parametrize(("form", "begins"), [("json", "{"), ("plain", "2"), ("auto", "{")])
def test_stderr_is_json_unless_it_is_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, begins: str
) -> None:
    start_logging(Settings.model_validate({"home": tmp_path, "log": {"format": form}}), "serve")
    logging.getLogger("worker.x").info("hello")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(begins)
    assert "hello" in line


def test_a_file_is_rotated_and_nobody_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "log.jsonl"
    start_logging(Settings(home=tmp_path, log=Log(file=path, file_mb=1, files=2)), "listener")
    for _ in range(150):
        logging.getLogger("worker.x").info("x" * 8000)
    logging.getLogger("worker.x").info("last")
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["log-listener.jsonl", "log-listener.jsonl.1"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert _lines(files[0])[-1]["message"] == "last"
    assert all(file.stat().st_size <= 2**20 for file in files)


def test_the_whole_node_has_the_file_as_it_is_named() -> None:
    assert file_of(Path("a/log.jsonl"), "serve") == Path("a/log.jsonl")
    assert file_of(Path("a/log.jsonl"), "worker") == Path("a/log-worker.jsonl")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"log\.file .* cannot be written: Is a directory"):
        start_logging(Settings(home=tmp_path, log=Log(file=tmp_path)), "serve")


def test_what_python_would_print_is_logged_without_its_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.jsonl"
    start_logging(Settings(home=tmp_path, log=Log(file=path)), "serve")

    def fail() -> None:
        raise KeyError("DOE^JANE")

    thread = threading.Thread(target=fail, name="reader")
    thread.start()
    thread.join()
    try:
        fail()
    except KeyError as exc:
        sys.excepthook(KeyError, exc, exc.__traceback__)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("DOE^JANE", UserWarning, stacklevel=1)

    class Odd:
        def __del__(self) -> None:
            fail()

    del [Odd()][0]
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    logging.getLogger("worker.x").info("%d", "DOE^JANE")
    err = capsys.readouterr().err
    assert "DOE" not in err + path.read_text(encoding="ascii")
    assert [line["message"] for line in _lines(path) if "warning" not in str(line["message"]).lower()] == [
        "thread reader ended by a fault; please report it",
        "the process ends by a fault; please report it",
        "a fault in clearing up",
        "%d",
    ]
    assert any(str(line["message"]).startswith("UserWarning in ") for line in _lines(path))
    assert err.count("KeyError in tests.worker.test_logs:") == 3
