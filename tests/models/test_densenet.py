import pytest
import torch

from models.densenet import DenseNet121


def test_it_has_the_published_number_of_parameters() -> None:
    # Huang et al. 2017: 7,978,856 with three channels and 1,000 classes; less 1,025,000 for the classifier
    assert sum(p.numel() for p in DenseNet121(3).parameters()) == 7_978_856 - 1_025_000
    # one channel saves 2 x 64 x 7 x 7 in the stem
    assert sum(p.numel() for p in DenseNet121(1).parameters()) == 7_978_856 - 1_025_000 - 6_272


@pytest.mark.parametrize("size", [64, 96])
def test_the_map_is_a_thirty_second_of_the_picture(size: int) -> None:
    net = DenseNet121().eval()
    with torch.no_grad():
        found = net(torch.zeros(1, 1, size, size))
    assert found.shape == (1, 1024, size // 32, size // 32)
    assert float(found.min()) >= 0.0
