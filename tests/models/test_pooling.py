import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models.pooling import AttentionPool, RecurrentPool, SliceEncoder
from models.resnet import ResNet

POOLS = [AttentionPool(6, 4), RecurrentPool(6, 4)]


@pytest.fixture(params=["attention", "recurrent"])
def pool(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return AttentionPool(6, 4) if request.param == "attention" else RecurrentPool(6, 4)


def test_shapes(pool: nn.Module) -> None:
    width = 6 if isinstance(pool, AttentionPool) else 8
    found = pool(torch.randn(3, 5, 6))
    assert found.features.shape == (3, width)
    assert found.weights.shape == (3, 5)
    assert found.slices.shape == (3, 5, width)
    torch.testing.assert_close(found.weights.sum(1), torch.ones(3))
    torch.testing.assert_close(found.features, torch.einsum("ns,nsf->nf", found.weights, found.slices))


def test_all_present_is_the_same_as_unsaid(pool: nn.Module) -> None:
    x = torch.randn(2, 5, 6)
    said = pool(x, torch.ones(2, 5, dtype=torch.bool))
    for one, other in zip(pool(x), said, strict=True):
        torch.testing.assert_close(one, other)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=7).filter(any), st.integers(0, 1), st.integers(0, 999))
def test_a_slice_that_is_not_there_is_as_if_it_were_not(there: list[bool], which: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, len(there), 6, generator=generator)
    present = torch.tensor([there])
    alone = POOLS[which](x[:, present[0]])
    x[~present] = torch.nan
    among = POOLS[which](x, present)
    torch.testing.assert_close(among.features, alone.features)
    torch.testing.assert_close(among.weights[present], alone.weights[0])
    torch.testing.assert_close(among.slices[0, present[0]], alone.slices[0])
    assert bool((among.weights[~present] == 0).all())


@pytest.mark.parametrize("present", [torch.ones(2, 4, dtype=torch.bool), torch.tensor([[True] * 5, [False] * 5])])
def test_stacks_without_slices_are_refused(pool: nn.Module, present: Tensor) -> None:
    with pytest.raises(ValueError, match="present"):
        pool(torch.randn(2, 5, 6), present)


def test_attention_asks_not_for_the_order_but_recurrence_does() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 5, 6)
    order = torch.tensor([3, 1, 4, 0, 2])
    for pool in (AttentionPool(6, 4), RecurrentPool(6, 4)):
        same = torch.allclose(pool(x).features, pool(x[:, order]).features, atol=1e-6)
        assert same == isinstance(pool, AttentionPool)


def test_the_same_encoder_sees_each_slice() -> None:
    torch.manual_seed(0)
    trunk = ResNet(18, 3, width=0.25).eval()
    with torch.no_grad():
        x = torch.randn(2, 3, 3, 32, 32)
        found = SliceEncoder(trunk)(x)
        assert found.shape == (2, 3, trunk.features)
        torch.testing.assert_close(found[1, 2], trunk(x[1, 2:3]).mean((2, 3))[0], atol=1e-5, rtol=1e-4)


def test_attention_learns_which_slice_matters() -> None:
    torch.manual_seed(0)
    pool = RecurrentPool(6, 8)
    head = nn.Linear(pool.features, 1)
    optimiser = torch.optim.Adam([*pool.parameters(), *head.parameters()], lr=0.01)
    x = torch.randn(128, 7, 6)
    marked = torch.randint(7, (128,))
    x[:, :, 0] = 0
    x[torch.arange(128), marked, 0] = 4.0
    sought = x[torch.arange(128), marked, 1:2]
    losses = []
    for _ in range(200):
        optimiser.zero_grad()
        loss = (head(pool(x).features) - sought).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]
    weights = pool(x).weights.detach()
    assert float(weights[torch.arange(128), marked].mean()) > 2 / 7


def test_gradients_reach_every_parameter(pool: nn.Module) -> None:
    present = torch.tensor([[True, False, True, True], [True, True, True, False]])
    x = torch.randn(2, 4, 6)
    x[~present] = torch.nan
    pool(x, present).features.square().sum().backward()
    for parameter in pool.parameters():
        assert parameter.grad is not None
        assert bool(torch.isfinite(parameter.grad).all())
        assert float(parameter.grad.abs().max()) > 0


@pytest.mark.filterwarnings("ignore:The tensor attributes self.gru")  # torch's own GRU, while it is traced
def test_without_gaps_it_can_be_exported(pool: nn.Module) -> None:
    x = torch.randn(1, 5, 6)
    exported = torch.export.export(pool.eval(), (x,)).module()
    torch.testing.assert_close(exported(x).features, pool(x).features)
