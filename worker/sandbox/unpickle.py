"""Makes safetensors of a pickle, in a process that is confined before it reads a byte of it.

`python -m worker.sandbox.confined LIMITS worker.sandbox.unpickle FD PICKLE` is the child's side: it reads PICKLE with
`weights_only=True`, writes safetensors to the open file FD, and says on stdout what is wrong. This is the only place
of the node that reads a pickle.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from screening.errors import BundleRefused
from screening.settings import WorkerSettings
from worker.bundle_files import MOST_BYTES
from worker.sandbox.confined import command
from worker.sandbox.parent import environment, limits_of

OLDEST_TORCH = (2, 10)
"""`weights_only=True` let a crafted file run code before 2.6 (CVE-2025-32434) and corrupt memory before 2.10
(CVE-2026-24747)."""

_SECONDS = 300
_LONGEST = 300  # characters of what the child says went wrong


def unpickle(settings: WorkerSettings, source: Path, target: Path) -> None:
    """Write the tensors of a pickle as safetensors.

    Raises
    ------
    BundleRefused
        If it holds anything but tensors by name, takes the child down, or torch is too old to read it safely.
    """
    limits = replace(limits_of(settings), cuda=False, confined=True, file_bytes=MOST_BYTES)
    try:
        with target.open("xb") as file:
            done = subprocess.run(
                command(limits, "worker.sandbox.unpickle", str(file.fileno()), str(source)),
                pass_fds=[file.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(settings.threads) | {"CUDA_VISIBLE_DEVICES": ""},
                timeout=_SECONDS,
                check=False,
            )
            os.fsync(file.fileno())
    except subprocess.TimeoutExpired:
        raise BundleRefused(f"{source.name} was read for {_SECONDS} s without an end; save it as safetensors") from None
    except OSError as exc:
        raise BundleRefused(f"{source.name} cannot be converted: {exc.strerror}") from exc
    _judge(source.name, done.stdout, done.returncode)


def _judge(name: str, said: bytes, status: int) -> None:
    try:
        failure = json.loads(said.splitlines()[-1])["failure"]
    except (IndexError, ValueError, TypeError, KeyError, RecursionError):
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        raise BundleRefused(f"{name} took down the process that read it ({how}); save it as safetensors") from None
    if failure is not None:
        shown = "".join(c if c.isprintable() else "?" for c in str(failure)[:_LONGEST])
        raise BundleRefused(f"{name} cannot be converted: {shown}")


def main() -> None:
    """Read, write, say how it went on stdout."""
    try:
        failure = _convert(int(sys.argv[1]), Path(sys.argv[2]))
    except Exception as exc:  # noqa: BLE001 (whatever a crafted file provokes; there is no patient in it)
        failure = f"{type(exc).__name__}: {(str(exc).splitlines() or ['no detail'])[0]}"
    print(json.dumps({"failure": failure}), flush=True)  # noqa: T201 (read by the parent)
    os._exit(0)  # nothing that the file left behind is run at this process's end


def _convert(descriptor: int, source: Path) -> str | None:
    """What is wrong, None if nothing."""
    import torch  # noqa: PLC0415 (the parent needs none)
    from safetensors.torch import save  # noqa: PLC0415

    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < OLDEST_TORCH:
        return (
            f"torch {torch.__version__} reads pickles with known holes; install torch"
            f" {'.'.join(map(str, OLDEST_TORCH))} or newer, or save the weights as safetensors"
        )
    held = torch.load(source, map_location="cpu", weights_only=True)
    if isinstance(held, Mapping) and isinstance(held.get("state_dict"), Mapping):
        held = held["state_dict"]
    if not isinstance(held, Mapping) or not held:
        return "it holds no tensors by name; save the network's state_dict"
    for name, value in held.items():
        if not isinstance(name, str) or type(value) is not torch.Tensor or value.layout != torch.strided:
            return f"{str(name)[:100]!r} is no dense tensor; save the network's state_dict alone"
    tensors = {name: value.detach().contiguous().clone() for name, value in held.items()}
    with os.fdopen(descriptor, "wb") as file:
        file.write(save(tensors))
    return None
