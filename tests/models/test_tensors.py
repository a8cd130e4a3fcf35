import gc

import numpy as np
import pytest
import torch

from models.tensors import tensor_over


@pytest.mark.parametrize("writeable", [True, False])
def test_it_has_the_memory_of_the_array(writeable: bool) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    array.setflags(write=writeable)
    tensor = tensor_over(array)  # without a warning, which would be an error here
    assert tensor.data_ptr() == array.ctypes.data
    assert torch.equal(tensor, torch.arange(6.0).reshape(2, 3))
    assert array.flags.writeable is writeable


def test_it_keeps_the_memory() -> None:
    tensor = tensor_over(np.full((300, 300), 7, np.float32))
    gc.collect()
    further = np.zeros((300, 300), np.float32)
    assert tensor.min() == tensor.max() == 7
    assert not further.any()


def test_what_is_not_contiguous_or_of_another_type_is_copied() -> None:
    array = np.arange(6, dtype=np.float64).reshape(2, 3)
    assert torch.equal(tensor_over(array.T), torch.arange(6.0).reshape(2, 3).T)
