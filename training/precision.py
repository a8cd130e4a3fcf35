"""Where a pass through a network may be calculated in bfloat16: on GPUs, and on processors that multiply it."""

import torch


def bfloat16_is_fast() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it does not, it is slower than float32."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def mixed(device: torch.device) -> torch.autocast:
    """Context of a pass: bfloat16 where that is faster and safe, float32 elsewhere. Losses belong behind it."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda" or bfloat16_is_fast())
