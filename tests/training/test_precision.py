"""Where passes are calculated in bfloat16."""

import pytest
import torch

from training import precision


@pytest.mark.parametrize("able", ["avx512_bf16", "amx_bf16", "avx2"])
def test_processors_that_multiply_bfloat16_do(monkeypatch: pytest.MonkeyPatch, able: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {able: True})
    with precision.mixed(torch.device("cpu")):
        found = torch.ones(2, 2) @ torch.ones(2, 2)
    assert found.dtype == (torch.float32 if able == "avx2" else torch.bfloat16)
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
