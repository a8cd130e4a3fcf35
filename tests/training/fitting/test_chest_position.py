from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training.fitting.chest_position import Pool, phantoms, real, spoiled, train_position
from training.request import silent


@pytest.fixture(scope="module")
def pool() -> Pool:
    return phantoms(4, seed=1)


def test_adults_and_children_with_their_lungs(pool: Pool) -> None:
    assert pool.images.shape == pool.lungs.shape == (8, 96, 96)
    assert all(lungs.any() for lungs in pool.lungs)
    assert (pool + pool).images.shape == (16, 96, 96)


def test_real_pictures_have_no_lungs_drawn(tmp_path: Path) -> None:
    Image.fromarray(np.tile(np.arange(120, dtype=np.uint8), (100, 1))).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("no picture")
    found = real(tmp_path)
    assert found.images.shape == (1, 96, 96)
    assert not found.lungs.any()


def test_labels_say_what_was_done() -> None:
    """A picture whose left half is black and whose lungs fill the middle."""
    n = 64
    images = torch.zeros(n, 1, 96, 96)
    images[..., 48:] = 1.0
    lungs = torch.zeros(n, 1, 96, 96)
    lungs[:, :, 10:-10, 10:-10] = 1.0
    seen, label, counts = spoiled(images, lungs, torch.Generator().manual_seed(0))
    assert seen.shape == (n, 1, 64, 64)
    assert label.shape == counts.shape == (n, 2)
    assert 0.3 < float(label[:, 0].mean()) < 0.7
    whole = (label[:, 0] == 0) & (counts[:, 1] == 1)
    brighter_left = seen[:, 0, :, :28].mean((1, 2)) > seen[:, 0, :, 36:].mean((1, 2))
    assert (brighter_left[whole] == label[whole, 1].bool()).float().mean() > 0.9


def test_a_few_steps_give_a_network(pool: Pool) -> None:
    net = train_position(pool, steps=3, seed=0, progress=silent)
    with torch.no_grad():
        assert torch.isfinite(net(torch.rand(2, 1, 64, 64))).all()
    again = train_position(pool, steps=3, seed=0, progress=silent)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values(), strict=True))
