"""A header is read and checked without the numbers, and agrees with the library that writes it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from models import registry
from models.safetensors_header import StoredTensor, read_header
from screening.errors import WeightsMismatch


def write(path: Path, header: Any, numbers: bytes = b"", *, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + numbers)
    return path


def tensor(begin: int = 0, end: int = 4, **changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [1], "data_offsets": [begin, end]} | changes


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    tensors = {"a": torch.zeros(2, 3, dtype=torch.float16), "b": torch.ones(()), "c": torch.zeros(4, dtype=torch.int64)}
    save_file(tensors, tmp_path / "x.safetensors", metadata={"by": "test"})
    found = read_header(tmp_path / "x.safetensors")
    assert {name: (item.dtype, item.shape) for name, item in found.items()} == {
        "a": ("F16", (2, 3)), "b": ("F32", ()), "c": ("I64", (4,)),
    }  # fmt: skip


def test_the_shipped_weights_are_read() -> None:
    for name in registry.names():
        assert len(read_header(registry.card(name).verify(registry.bundle(name)))) > 10


def test_tensors_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", {"z": tensor(0, 4), "a": tensor(4, 8)}, bytes(8))
    assert list(read_header(path)) == ["z", "a"]
    assert read_header(path)["a"] == StoredTensor(dtype="F32", shape=(1,), begin=4, end=8)


@pytest.mark.parametrize(
    ("header", "numbers", "said"),
    [
        (b"", b"", "no length of a header"),
        (b"{", b"", "no length of a header"),
        (b"[]", b"", "no JSON object"),
        (b"{x", bytes(4), "Expecting property name"),
        (b"\xff\xff", bytes(4), "codec can't decode"),
        (b"[" * 100_000, b"", "recursion"),
        ({}, b"", "0 tensors"),
        ({"__metadata__": {}}, b"", "0 tensors"),
        ({"a": tensor()}, bytes(3), "but 3 bytes of numbers"),
        ({"a": tensor()}, bytes(5), "but 5 bytes of numbers"),
        ({"a": tensor(4, 8)}, bytes(8), "begins at 4, not at 0"),
        ({"a": tensor(), "b": tensor()}, bytes(4), "begins at 0, not at 4"),
        ({"a": tensor(shape=[2])}, bytes(4), "no F32 of shape"),
        ({"a": tensor(shape=[-1])}, bytes(4), "not negative"),
        ({"a": tensor(shape=[True])}, bytes(4), "whole numbers"),
        ({"a": tensor(shape=[1.0])}, bytes(4), "whole numbers"),
        ({"a": tensor(dtype="PICKLE")}, bytes(4), "is none of"),
        ({"a": tensor(dtype=["F32"])}, bytes(4), "unhashable"),
        ({"a": {"dtype": "F32", "shape": [1]}}, bytes(4), "data_offsets"),
        ({"a": 1}, bytes(4), "tensor 'a'"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, header: Any, numbers: bytes, said: str) -> None:
    path = write(tmp_path / "x.safetensors", header, numbers)
    with pytest.raises(WeightsMismatch, match=r"x\.safetensors is no safetensors file") as caught:
        read_header(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("length", [2**63, 10**6])
def test_a_length_beyond_the_file_is_not_read(tmp_path: Path, length: int) -> None:
    with pytest.raises(WeightsMismatch, match="no length of a header"):
        read_header(write(tmp_path / "x.safetensors", {"a": tensor()}, bytes(4), length=length))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatch, match="No such file"):
        read_header(tmp_path / "x.safetensors")
