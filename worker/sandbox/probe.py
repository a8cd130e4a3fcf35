"""Try a bundle before it is taken: a process of its own loads the weights and makes one number of a made-up picture.

`python -m worker.sandbox.probe MEMORY_MB THREADS MODEL BUNDLE` is the child's side. What it prints last is data to be
checked, as whatever a child says.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from screening.errors import BundleRefused, ScreeningError
from screening.settings import ModelSettings, WorkerSettings
from worker.privacy import quiet_libraries
from worker.sandbox.child import limit
from worker.sandbox.parent import environment

_SECONDS = 300
"""A loaded machine takes tens of seconds to import torch and monai; the largest network some more to read."""

_LONGEST = 300  # characters of what the child says went wrong


def probe(settings: WorkerSettings, name: str, bundle: Path) -> float:
    """Probability, 0..1, that the model makes of a made-up picture with this bundle's weights, on the CPU.

    Raises
    ------
    BundleRefused
        If the network does not take the weights, makes no finite probability of them, or takes the child down.
    """
    command = [sys.executable, "-m", "worker.sandbox.probe", str(settings.memory_limit_mb), str(settings.threads)]
    try:
        done = subprocess.run(
            [*command, name, str(bundle)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(settings.threads),
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BundleRefused(
            f"the weights were tried for {_SECONDS} s without an answer; try a faster machine"
        ) from None
    return _probability(done.stdout, done.returncode)


def _probability(said: bytes, status: int) -> float:
    """What the child found, checked."""
    try:
        answer = json.loads(said.splitlines()[-1])
        failure, value = answer.get("failure"), answer.get("probability")
    except (IndexError, ValueError, AttributeError, RecursionError):
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        raise BundleRefused(f"the weights took down the process that tried them ({how}); train them anew") from None
    if failure is not None:
        shown = "".join(c if c.isprintable() else "?" for c in str(failure)[:_LONGEST])
        raise BundleRefused(f"the weights cannot be used: {shown}")
    if not isinstance(value, float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise BundleRefused(f"the weights give {value!r} for a made-up picture: no probability; train them anew")
    return value


def main() -> None:
    """Load, try, say it on stdout."""
    quiet_libraries()
    memory_mb, threads = int(sys.argv[1]), int(sys.argv[2])
    limit(memory_mb)
    print(json.dumps(_try(sys.argv[3], Path(sys.argv[4]), threads)), flush=True)  # noqa: T201 (read by the parent)
    os._exit(0)  # nothing of torch's own ending may fail what was found


def _try(name: str, bundle: Path, threads: int) -> dict[str, object]:
    from models import registry  # noqa: PLC0415 (what it loads imports torch: after the memory limit was set)

    try:
        model = registry.load(name, device="cpu", threads=threads, settings=ModelSettings(bundle=bundle))
        return {"probability": model.probe()}
    except ScreeningError as exc:
        return {"failure": str(exc)}
    except Exception as exc:  # noqa: BLE001 (whatever a made-up bundle provokes; there is no patient in it)
        return {"failure": f"{type(exc).__name__}: {str(exc).splitlines()[0] if str(exc) else 'no detail'}"}


if __name__ == "__main__":
    main()
