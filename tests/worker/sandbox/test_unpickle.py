"""Pickles are read in a confined child only; what it says and how it ends is judged here."""

import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from screening.errors import BundleRefused
from screening.settings import WorkerSettings
from worker.sandbox import unpickle as module
from worker.sandbox.unpickle import _convert, unpickle

ROOT = Path(__file__).parents[3]
ONE_THREAD = WorkerSettings(threads=1)


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.system, (f"touch {self.path}",)


def _converted(source: Path, target: Path) -> str | None:
    """The child's work, in this process."""
    return _convert(os.open(target, os.O_WRONLY | os.O_CREAT), source)


def test_a_confined_child_makes_safetensors_of_tensors(tmp_path: Path) -> None:
    shared = torch.arange(6, dtype=torch.float16).reshape(2, 3)
    torch.save({"state_dict": {"a": shared.T, "b": shared, "n": torch.tensor(7)}}, tmp_path / "model.pt")
    unpickle(ONE_THREAD, tmp_path / "model.pt", tmp_path / "model.safetensors")
    found = load_file(tmp_path / "model.safetensors")
    assert {name: (value.dtype, value.tolist()) for name, value in found.items()} == {
        "a": (torch.float16, shared.T.tolist()), "b": (torch.float16, shared.tolist()), "n": (torch.int64, 7),
    }  # fmt: skip


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1), "evil": Evil(tmp_path / "ran")}, tmp_path / "model.pt")
    with pytest.raises(Exception, match="Weights only load failed"):
        _converted(tmp_path / "model.pt", tmp_path / "out")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([torch.zeros(1)], "holds no tensors by name"),
        ({}, "holds no tensors by name"),
        ({"a": torch.zeros(1), "epoch": 3}, "'epoch' is no dense tensor"),
        ({"a": torch.zeros(2, 2).to_sparse()}, "'a' is no dense tensor"),
        ({1: torch.zeros(1)}, "'1' is no dense tensor"),
    ],
)
def test_what_is_no_state_dict_is_said_so(tmp_path: Path, held: object, said: str) -> None:
    torch.save(held, tmp_path / "model.pt")
    assert said in str(_converted(tmp_path / "model.pt", tmp_path / "out"))


def test_an_old_torch_reads_no_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    monkeypatch.setattr(torch, "load", None)
    said = _converted(tmp_path / "model.pt", tmp_path / "out")
    assert said == (
        "torch 2.9.1+cpu reads pickles with known holes; install torch 2.10 or newer,"
        " or save the weights as safetensors"
    )


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    """A `.pt` is a ZIP archive; it is read where it lies and unpacked nowhere."""
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "model.pt", "w") as archive:
        archive.writestr("../../ran", b"x")
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
    with pytest.raises(RuntimeError):
        _converted(tmp_path / "in" / "model.pt", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "model.pt", "out"]


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        (b"", -11, r"took down the process that read it \(signal 11\)"),
        (b"[1]", 0, r"took down the process that read it \(exit status 0\)"),
        (b'{"failure": "a\\u001b[31m"}', 0, r"cannot be converted: a\?\[31m$"),
    ],
)
def test_however_the_child_ends_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes, status: int, told: str
) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, status, stdout=said)
    )
    with pytest.raises(BundleRefused, match=told):
        unpickle(ONE_THREAD, tmp_path / "model.pt", tmp_path / "out")


def test_a_child_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.01)
    with pytest.raises(BundleRefused, match="without an end"):
        unpickle(ONE_THREAD, tmp_path / "model.pt", tmp_path / "out")


def test_nothing_else_reads_pickles_or_evaluates_configurations() -> None:
    """`opportune train` reads the state of its own interrupted run."""
    reads = re.compile(
        r"^\s*(?:from|import) (?:pickle|dill|joblib|yaml|shelve|marshal)\b|monai\.bundle|torch\.(?:jit\.)?load\(|"
        r"allow_pickle=True|(?<![.\w])(?:eval|exec)\(|unpack_archive|\.extractall\(",
        re.MULTILINE,
    )
    packages = ("worker", "dashboard", "training", "dicom_node", "models", "db", "screening")
    paths = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    found = {path.relative_to(ROOT).as_posix() for path in paths if reads.search(path.read_text(encoding="utf-8"))}
    assert found == {"worker/sandbox/unpickle.py", "training/checkpoint.py"}
