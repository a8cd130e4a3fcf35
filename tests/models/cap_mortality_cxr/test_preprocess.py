import numpy as np
import torch

from models.cap_mortality_cxr.preprocess import MEAN, SD, prepare, to_tensor


def test_a_linear_change_of_grey_values_changes_nothing() -> None:
    image = np.random.default_rng(0).random((300, 200)).astype(np.float32)
    first, _ = prepare(image, 64)
    second, _ = prepare((image * 0.3 + 0.2).astype(np.float32), 64)
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_the_picture_keeps_its_shape_and_the_padding_is_black() -> None:
    image = np.random.default_rng(0).random((400, 200)).astype(np.float32)
    square, frame = prepare(image, 100)
    assert frame.inner == (100, 50)
    assert square.shape == (100, 100)
    assert float(square[:, :25].max()) == 0.0
    assert float(square[:, 30:70].min()) > 0.0


def test_the_tensor_is_standardised() -> None:
    tensor = to_tensor(np.full((8, 8), MEAN + SD, np.float32))
    assert tensor.shape == (1, 1, 8, 8)
    torch.testing.assert_close(tensor, torch.ones(1, 1, 8, 8))
