import torch

from training.fitting.age_augment import augment


def squares(count: int = 8) -> torch.Tensor:
    """A bright square of 24 of 64 pixels on black."""
    images = torch.zeros(count, 1, 64, 64)
    images[:, :, 20:44, 20:44] = 0.6
    return images


def test_the_same_generator_gives_the_same_pictures() -> None:
    zoom = torch.zeros(8, dtype=torch.bool)
    first, again = (augment(squares(), torch.Generator().manual_seed(3), zoom=zoom) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (8, 1, 64, 64)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert not torch.equal(first[0], first[1])


def test_what_is_to_scale_keeps_its_size() -> None:
    images = squares(64)
    area = (augment(images, torch.Generator().manual_seed(0), zoom=torch.zeros(64, dtype=torch.bool)) > 0.2).sum(
        (1, 2, 3)
    )
    loose = (augment(images, torch.Generator().manual_seed(0), zoom=torch.ones(64, dtype=torch.bool)) > 0.2).sum(
        (1, 2, 3)
    )
    assert float((area - 576).abs().float().median()) < 30
    assert float(loose.float().std()) > 1.5 * float(area.float().std())


def test_left_stays_left() -> None:
    images = torch.zeros(32, 1, 64, 64)
    images[:, :, 16:48, 4:20] = 0.8
    changed = augment(images, torch.Generator().manual_seed(1), zoom=torch.ones(32, dtype=torch.bool))
    assert bool((changed[..., :32].mean((1, 2, 3)) > 2 * changed[..., 32:].mean((1, 2, 3))).all())
