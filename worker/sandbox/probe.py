"""Try a bundle before it is taken: a process of its own loads the weights and makes one number of a made-up picture.

`python -m worker.sandbox.confined LIMITS worker.sandbox.probe THREADS MODEL BUNDLE SIGNATURES` is the child's side.
What it prints last is data to be checked, as whatever a child says.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from screening.errors import BundleRefused, ScreeningError
from screening.settings import ModelSettings, WorkerSettings
from screening.signatures import Signatures
from worker.privacy import quiet_libraries
from worker.sandbox.confined import command
from worker.sandbox.parent import environment, limits_of

_SECONDS = 300
"""A loaded machine takes tens of seconds to import torch and monai; the largest network some more to read."""

_LONGEST = 300  # characters of what the child says went wrong


def probe(settings: WorkerSettings, name: str, bundle: Path, signatures: Signatures | None = None) -> float:
    """Probability, 0..1, that the model makes of a made-up picture with this bundle's weights, on the CPU.

    signatures: whose bundles are taken; defaults when None.

    Raises
    ------
    BundleRefused
        If the network does not take the weights, makes no finite probability of them, or takes the child down.
    """
    told = (signatures or Signatures()).model_dump_json()
    try:
        done = subprocess.run(
            command(limits_of(settings), "worker.sandbox.probe", str(settings.threads), name, str(bundle), told),
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
    threads, name, bundle, signatures = sys.argv[1:5]
    found = _try(name, Path(bundle), int(threads), Signatures.model_validate_json(signatures))
    print(json.dumps(found), flush=True)  # noqa: T201 (read by the parent)
    os._exit(0)  # nothing of torch's own ending may fail what was found


def _try(name: str, bundle: Path, threads: int, signatures: Signatures | None = None) -> dict[str, object]:
    from models import registry  # noqa: PLC0415 (what it loads imports torch)

    try:
        own = ModelSettings(bundle=bundle)
        model = registry.load(name, device="cpu", threads=threads, settings=own, signatures=signatures)
        return {"probability": model.probe()}
    except ScreeningError as exc:
        return {"failure": str(exc)}
    except Exception as exc:  # noqa: BLE001 (whatever a made-up bundle provokes; there is no patient in it)
        return {"failure": f"{type(exc).__name__}: {str(exc).splitlines()[0] if str(exc) else 'no detail'}"}
