"""Compiles the networks of the models in force, in a process of its own that sees no image.

`python -m worker.sandbox.confined LIMITS worker.sandbox.warming PLAN` is the child's side. It may write in the cache's
folder and nowhere else; the child that screens may only read there, since it has read bytes from strangers. What the
child says, a line of JSON for each model, is data to be checked.
"""

import fcntl
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models import registry
from models.engines.cache import Cache
from models.engines.choice import by_openvino
from screening.errors import ScreeningError
from screening.settings import ModelSettings, Settings
from screening.signatures import Signatures
from worker.privacy import quiet_libraries
from worker.sandbox.confined import command
from worker.sandbox.parent import environment, limits_of

_log = logging.getLogger(__name__)

LARGEST = 2**30  # bytes of one compiled network: a little more than its weights in float32
POLITENESS = 10  # added to the nice value: screening comes first
_LOCK = ".lock"
_LONGEST = 300  # characters of what the child says went wrong


@dataclass(frozen=True, kw_only=True)
class Warmed:
    """What became of one model."""

    model: str
    compiled: tuple[str, ...] = ()  #: parts, by name
    left: tuple[str, ...] = ()  #: parts that torch goes on running, with the reason
    failure: str | None = None  #: why nothing was done
    seconds: float = 0.0

    @property
    def told(self) -> str:
        """In a line."""
        if self.failure is not None:
            return f"{self.model} was not compiled: {self.failure}"
        left = f"; torch goes on running {', '.join(self.left)}" if self.left else ""
        done = f"compiled {', '.join(self.compiled)} in {self.seconds:.0f} s" if self.compiled else "nothing compiled"
        return f"{self.model}: {done}{left}"


def wanted(settings: Settings) -> bool:
    """Whether OpenVINO shall run models on this machine, by the settings."""
    return by_openvino(settings.worker.engine, on_cpu=not limits_of(settings.worker).cuda)


def missing(settings: Settings, names: Iterable[str]) -> list[str]:
    """The models whose networks have not been compiled as they are in force. A bundle that is broken needs nothing."""
    cache = Cache(settings.engine_cache)
    found = []
    for name in names:
        try:
            digest = registry.config_digest(name, settings.of_model(name))
        except ScreeningError as exc:
            _log.warning("%s is not compiled: %s", name, exc)
            continue
        if cache.read(name, digest) is None:
            found.append(name)
    return found


def enabled(settings: Settings) -> list[str]:
    """The models that run here."""
    return sorted(name for name, model in settings.models.items() if model.enabled)


class Warming:
    """Compiles, once, what the models of a node lack.

    Parameters
    ----------
    settings
        Of the node.
    names
        Of models; those that are enabled by default.
    """

    def __init__(self, settings: Settings, names: Sequence[str] | None = None) -> None:
        self._settings = settings
        self._names = enabled(settings) if names is None else list(names)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, tell: Callable[[Warmed], None] | None = None) -> None:
        """Compile; without an error, as torch runs what is not there.

        tell: is told of each model when it is done; by default the log is.
        """
        tell = tell or _to_log
        try:
            names = missing(self._settings, self._names) if wanted(self._settings) else []
            if names:
                self._compile(names, tell)
        except OSError as exc:
            for name in self._names:
                tell(Warmed(model=name, failure=f"{exc.strerror}: {exc.filename or self._settings.engine_cache}"))

    def stop(self) -> None:
        """End it from another thread; what is half made is removed by the next."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def _compile(self, names: Sequence[str], tell: Callable[[Warmed], None]) -> None:
        Cache(self._settings.engine_cache).make()
        left = list(names)
        with subprocess.Popen(
            self._command(names),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(self._settings.worker.threads) | {"CUDA_VISIBLE_DEVICES": ""},
        ) as process:
            self._process = process
            if self._stopped:
                process.kill()
            for line in process.stdout or ():
                warmed = _checked(line, names)
                if warmed is not None and warmed.model in left:
                    left.remove(warmed.model)
                    tell(warmed)
        for name in () if self._stopped else left:
            tell(Warmed(model=name, failure=f"the process that compiles ended with status {process.returncode}"))

    def _command(self, names: Sequence[str]) -> list[str]:
        folder = self._settings.engine_cache
        limits = replace(limits_of(self._settings.worker), cuda=False, writable=str(folder), file_bytes=LARGEST)
        plan = {
            "folder": str(folder),
            "threads": self._settings.worker.threads,
            "signatures": self._settings.signatures.model_dump(mode="json"),
            "models": {name: self._settings.of_model(name).model_dump(mode="json") for name in names},
        }
        return command(limits, "worker.sandbox.warming", json.dumps(plan))


def _to_log(warmed: Warmed) -> None:
    _log.log(logging.WARNING if warmed.failure or warmed.left else logging.INFO, "%s", warmed.told)


def _checked(line: bytes, names: Sequence[str]) -> Warmed | None:
    """What the child says of one of these models; None for anything else."""
    try:
        said = json.loads(line)
        model, failure = str(said["model"]), said.get("failure")
        seconds = float(said.get("seconds", 0))
        compiled, left = (tuple(_shown(text) for text in said.get(key, ())) for key in ("compiled", "left"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if model not in names:
        return None
    return Warmed(
        model=model, compiled=compiled, left=left, failure=None if failure is None else _shown(failure), seconds=seconds
    )


def _shown(text: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(text)[:_LONGEST])


def main() -> None:
    """Compile what is not there, say so on stdout."""
    os.nice(POLITENESS)
    quiet_libraries()
    plan = json.loads(sys.argv[1])
    cache = Cache(Path(plan["folder"]))
    with (cache.folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers start at the same time; the second finds all done
        cache.sweep()
        for name, model in plan["models"].items():
            begun = time.monotonic()
            said = _try(cache, name, ModelSettings.model_validate(model), plan)
            told = {"model": name, "seconds": time.monotonic() - begun} | said
            print(json.dumps(told), flush=True)  # noqa: T201 (read by the parent)
    os._exit(0)  # nothing of a library's own ending matters


def _try(cache: Cache, name: str, settings: ModelSettings, plan: dict[str, Any]) -> dict[str, Any]:
    try:
        return _compile(cache, name, settings, plan)
    except ScreeningError as exc:
        return {"failure": str(exc)}
    except Exception as exc:  # noqa: BLE001 (there is no patient in it, and the other models go on)
        return {"failure": _line(exc)}


def _compile(cache: Cache, name: str, settings: ModelSettings, plan: dict[str, Any]) -> dict[str, Any]:
    from models.engines.compiling import compile_part  # noqa: PLC0415 (imports torch)

    digest = registry.config_digest(name, settings)
    if cache.read(name, digest) is not None:
        return {}
    model = registry.load(
        name, device="cpu", threads=plan["threads"], settings=settings,
        signatures=Signatures.model_validate(plan["signatures"]),
    )  # fmt: skip
    compiled, left = {}, []
    for part in model.parts():
        try:
            compiled[part.name] = compile_part(part, threads=plan["threads"])
        except Exception as exc:  # noqa: BLE001 (whatever torch's tracing and OpenVINO raise: torch runs this part)
            left.append(f"{part.name} ({_line(exc)})")
    registry.require_config(name, digest, settings)  # the bundle was not replaced meanwhile
    if compiled:
        cache.write(name, digest, compiled)
    return {"compiled": sorted(compiled), "left": left}


def _line(exc: Exception) -> str:
    first = (str(exc).splitlines() or ["no detail"])[0]
    return f"{type(exc).__name__}: {first[:_LONGEST]}"
