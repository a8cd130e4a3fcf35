"""What a safetensors file says it holds, read without loading it: 8 bytes of length, a JSON header, then the numbers.

Format: https://huggingface.co/docs/safetensors (little-endian length; data_offsets are relative to the end of the
header, and the tensors fill the rest of the file without a gap). Nothing of such a file is ever run.
"""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screening.errors import WeightsMismatch

LARGEST_HEADER = 16 * 2**20  # bytes; a network of 10000 tensors needs 1 MiB
ITEM_SIZE = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredTensor:
    """One tensor as the header names it."""

    dtype: str
    shape: tuple[int, ...]
    begin: int  #: bytes from the end of the header
    end: int

    def __post_init__(self) -> None:
        if self.dtype not in ITEM_SIZE:
            raise ValueError(f"dtype {self.dtype!r} is none of {', '.join(ITEM_SIZE)}")
        if any(type(size) is not int or size < 0 for size in (*self.shape, self.begin, self.end)):
            raise ValueError("shape and data_offsets must be whole numbers, not negative")
        if self.end - self.begin != math.prod(self.shape) * ITEM_SIZE[self.dtype]:
            raise ValueError(f"{self.end - self.begin} bytes are no {self.dtype} of shape {list(self.shape)}")


def read_header(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a file by name, in the order in which they lie in it.

    Raises
    ------
    WeightsMismatch
        If it is no safetensors file, or one that ends too early or holds more than its header says.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(LARGEST_HEADER, size - 8):
                raise ValueError("its first 8 bytes are no length of a header")
            values = json.loads(file.read(length))
        tensors = dict(sorted(_tensors(values), key=lambda item: (item[1].begin, item[1].end)))
        _check_fill(tensors, size - 8 - length)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as exc:
        raise WeightsMismatch(f"{path.name} is no safetensors file: {exc}") from exc
    return tensors


def _tensors(values: Any) -> list[tuple[str, StoredTensor]]:
    if not isinstance(values, dict):
        raise ValueError("its header is no JSON object")
    found = []
    for name, value in values.items():
        if name == "__metadata__":
            continue
        try:
            begin, end = value["data_offsets"]
            found.append((name, StoredTensor(dtype=value["dtype"], shape=tuple(value["shape"]), begin=begin, end=end)))
        except (ValueError, TypeError, KeyError) as exc:
            raise ValueError(f"tensor {name[:100]!r}: {exc}") from exc
    return found


def _check_fill(tensors: dict[str, StoredTensor], size: int) -> None:
    """No gap, no overlap, nothing behind the last tensor, and at least one tensor."""
    position = 0
    for name, tensor in tensors.items():
        if tensor.begin != position:
            raise ValueError(f"tensor {name[:100]!r} begins at {tensor.begin}, not at {position}")
        position = tensor.end
    if not tensors or position != size:
        raise ValueError(f"{len(tensors)} tensors of {position} bytes, but {size} bytes of numbers")
