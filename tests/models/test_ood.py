import torch

from models import ood


def test_strangers_are_far_and_friends_are_near() -> None:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(64, 128, generator=generator)
    friends = torch.randn(600, 64, generator=generator) @ mixing + 0.1 * torch.randn(600, 128, generator=generator)
    constants = ood.fit_ood(friends[:400], friends[400:500])
    distances = torch.stack([ood.distance(constants, row) for row in friends[500:]])
    assert 0.5 < float(distances.median()) < 1.0
    assert float((distances > 1.2).float().mean()) < 0.05
    stranger = friends[500] + 5 * torch.randn(128, generator=generator) * friends.std()
    assert float(ood.distance(constants, stranger)) > 1.5
    assert set(constants) == set(ood.NAMES)


def test_a_feature_that_is_nearly_always_nothing_does_not_set_the_scale() -> None:
    """Rectified features of which some never fire in training, and one does for a single picture of validation."""
    generator = torch.Generator().manual_seed(1)
    features = torch.zeros(500, 16)
    features[:, :8] = torch.randn(500, 8, generator=generator)
    features[450, 12] = 0.01
    constants = ood.fit_ood(features[:400], features[400:])
    usual = torch.stack([ood.distance(constants, row) for row in features[400:450]])
    assert float(usual.median()) > 0.3
