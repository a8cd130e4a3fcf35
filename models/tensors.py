"""Tensors over the memory of arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


class _Lent:
    """An array's memory under another name: torch knows no tensor that is read-only, and warns of an array that is."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array  # is not freed while this is there
        told = array.__array_interface__
        self.__array_interface__ = told | {"data": (told["data"][0], False)}


def tensor_over(image: npt.NDArray[Any]) -> Tensor:
    """A tensor to be read, never written to: its memory is the array's, which may be read-only and of somebody else.

    float32; an array that is not contiguous is copied.
    """
    return torch.from_numpy(np.asarray(_Lent(np.ascontiguousarray(image, np.float32))))
