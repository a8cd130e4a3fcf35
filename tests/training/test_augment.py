import torch

from training.augment import augment


def test_the_same_generator_gives_the_same_change() -> None:
    images = torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    first = augment(images, torch.Generator().manual_seed(1))
    torch.testing.assert_close(first, augment(images, torch.Generator().manual_seed(1)))
    assert first.shape == images.shape
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert not torch.equal(first, augment(images, torch.Generator().manual_seed(2)))


def test_left_stays_left() -> None:
    images = torch.zeros(64, 1, 32, 32)
    images[:, :, :, :12] = 1.0
    moved = augment(images, torch.Generator().manual_seed(0))
    assert (moved[..., :10].mean((1, 2, 3)) > moved[..., 22:].mean((1, 2, 3))).all()
