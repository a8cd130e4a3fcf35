"""Compiled networks on disk: a folder for each model, under all that they hang on.

    <folder>/<model>-<processor>-<everything else>/trunk.blob, ..., MANIFEST.sha256

It is written by a process of its own that has seen no image (`worker.sandbox.warming`) and read by the child, which
cannot write. A folder is made under another name and renamed: it is whole or not there. What lies in it is held to its
manifest, so that a disk's fault is no wrong number. Works without torch and without OpenVINO.
"""

import hashlib
import logging
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import models
from models.engines import openvino_import
from screening import manifest

_log = logging.getLogger(__name__)

_SUFFIX = ".blob"
_UNFINISHED = ".unfinished-"
_PART = re.compile(r"[a-z0-9][a-z0-9_-]*")
# lines of /proc/cpuinfo that say what a processor can do, on x86-64 and on Arm
_ABLE = ("vendor_id", "cpu family", "model", "model name", "flags", "CPU implementer", "CPU part", "Features")


@dataclass(frozen=True)
class Cache:
    """The folder. It is made when something is written, for its user alone."""

    folder: Path

    def read(self, model_name: str, config_digest: str) -> dict[str, bytes] | None:
        """What was compiled for a model by the name of the part; None if there is nothing, or not what was written.

        Parameters
        ----------
        model_name
            Of the model.
        config_digest
            `registry.config_digest` of the bundle in force: it speaks of the weights.
        """
        folder = self.folder / entry_name(model_name, config_digest)
        try:
            wanted = manifest.parse((folder / manifest.MANIFEST).read_text(encoding="ascii"))
            found = {name: (folder / name).read_bytes() for name in wanted}
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            _log.warning("%s cannot be read (%s); it is made anew", folder, type(exc).__name__)
            return None
        for name, held in found.items():
            if hashlib.sha256(held).hexdigest() != wanted[name]:
                _log.warning("%s is not what was written; it is made anew", folder / name)
                return None
        return {name.removesuffix(_SUFFIX): held for name, held in found.items()}

    def write(self, model_name: str, config_digest: str, compiled: Mapping[str, bytes]) -> Path:
        """Keep what was compiled for a model, in place of what was there for other weights or by other programs.

        Raises
        ------
        OSError
            If the folder cannot be written.
        ValueError
            If a part's name is none of a file.
        """
        unfit = [name for name in compiled if not _PART.fullmatch(name)]
        if unfit:
            raise ValueError(f"a part's name must be lower-case letters, digits, '-' and '_', got {unfit}")
        self.make()
        target = self.folder / entry_name(model_name, config_digest)
        made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.folder))
        try:
            for name, held in compiled.items():
                _write(made / (name + _SUFFIX), held)
            _write(made / manifest.MANIFEST, manifest.text_of(manifest.digests(made)).encode("ascii"))
            self._clear(model_name)
            made.rename(target)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        return target

    def make(self) -> None:
        """Make the folder, readable by its user alone. OSError if that cannot be."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def sweep(self) -> None:
        """Remove what a process that was killed left half made. Only while no other process writes."""
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(path, ignore_errors=True)

    def _clear(self, model_name: str) -> None:
        """Remove what there is for a model. That for processors of another kind, which may share the disk, stays."""
        for path in self.folder.glob(f"{model_name}-{processor()}-*"):
            shutil.rmtree(path)


def entry_name(model_name: str, config_digest: str) -> str:
    """Name of a model's folder: weights, configuration, our code, torch, OpenVINO and processor all enter.

    Raises
    ------
    PackageNotFoundError
        Where OpenVINO or torch is not installed.
    """
    made_with = (config_digest, code(), metadata.version("torch"), openvino_import.version())
    return f"{model_name}-{processor()}-{hashlib.sha256(' '.join(made_with).encode()).hexdigest()[:24]}"


@cache
def code() -> str:
    """SHA-256 over the modules of the package `models`: what is traced is what they say."""
    found = hashlib.sha256()
    root = Path(models.__file__).parent
    for path in sorted(root.rglob("*.py")):
        found.update(f"{path.relative_to(root).as_posix()} {manifest.digest(path)}\n".encode())
    return found.hexdigest()


@cache
def processor() -> str:
    """What kind of processor this is, 8 hexadecimal digits: what was compiled and tried on one kind is for that."""
    told = [platform.machine()]
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        told += [line for line in lines if line.partition(":")[0].strip() in _ABLE]
    except OSError:
        told.append(platform.processor())
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]


def _write(path: Path, held: bytes) -> None:
    with path.open("xb") as file:
        file.write(held)
        file.flush()
        os.fsync(file.fileno())
