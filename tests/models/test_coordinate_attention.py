import pytest
import torch

from models.coordinate_attention import CoordinateAttention


@pytest.mark.parametrize(("channels", "narrow"), [(16, 8), (256, 8), (512, 16), (2048, 64)])
def test_the_bottleneck_is_a_thirty_second_but_not_under_eight(channels: int, narrow: int) -> None:
    block = CoordinateAttention(channels)
    assert block.conv1.out_channels == narrow
    # three 1x1 convolutions with their biases, and the batch norm's scale and shift
    wanted = (channels * narrow + narrow) + 2 * narrow + 2 * (narrow * channels + channels)
    assert sum(p.numel() for p in block.parameters()) == wanted


def test_it_only_dampens() -> None:
    torch.manual_seed(0)
    block = CoordinateAttention(16).eval()
    x = torch.randn(2, 16, 5, 7)
    rows, columns = block.weights(x)
    assert rows.shape == (2, 16, 5, 1)
    assert columns.shape == (2, 16, 1, 7)
    assert bool(((rows > 0) & (rows < 1)).all())
    found = block(x)
    assert found.shape == x.shape
    torch.testing.assert_close(found, x * rows * columns)


def test_a_row_weight_hangs_on_its_row_and_a_column_weight_on_its_column() -> None:
    torch.manual_seed(0)
    block = CoordinateAttention(8).eval()
    x = torch.randn(1, 8, 6, 6)
    rows, columns = block.weights(x)
    x[:, :, 2, 3] += 5.0
    rows_after, columns_after = block.weights(x)
    changed = (rows_after - rows).abs().amax((0, 1, 3)) > 1e-6
    assert changed.tolist() == [False, False, True, False, False, False]
    changed = (columns_after - columns).abs().amax((0, 1, 2)) > 1e-6
    assert changed.tolist() == [False, False, False, True, False, False]


def test_turning_the_picture_exchanges_rows_and_columns() -> None:
    torch.manual_seed(0)
    block = CoordinateAttention(8).eval()
    turned = CoordinateAttention(8).eval()
    turned.load_state_dict(block.state_dict())
    turned.conv_h, turned.conv_w = turned.conv_w, turned.conv_h
    x = torch.randn(1, 8, 4, 6)
    torch.testing.assert_close(turned(x.transpose(2, 3)), block(x).transpose(2, 3))
