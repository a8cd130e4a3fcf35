"""Instance norm whose sums stay exact on large volumes, for what is compiled.

OpenVINO adds up a whole volume in float32, one running sum for each lane of a vector: on a simulated abdomen the
probabilities of voxels moved by up to 2.3e-3 against torch, by 2.9e-4 where each plane was added up by itself, and by
7e-6 where rows, columns and planes were, in the same time. Two means in a row would be merged into one by OpenVINO; a
sum and a mean are not.
"""

import copy

import torch
from torch import Tensor, nn


class SteadyNorm3d(nn.Module):
    """`nn.InstanceNorm3d` with weights and without running statistics, in evaluation mode."""

    def __init__(self, norm: nn.InstanceNorm3d) -> None:
        super().__init__()
        if norm.track_running_stats or norm.weight is None or norm.bias is None:
            raise ValueError("only a norm with weights and without running statistics can be replaced")
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, Z, Y, X) -> the same shape, each channel of each volume to mean 0 and variance 1, then weighted."""
        centred = x - _mean(x)
        scale = (_mean(centred * centred) + self.eps).rsqrt() * self.weight[:, None, None, None]
        return centred * scale + self.bias[:, None, None, None]


def _mean(x: Tensor) -> Tensor:
    """(N, C, Z, Y, X) -> (N, C, 1, 1, 1)."""
    rows = x.sum(4, keepdim=True) / x.shape[4]
    planes = rows.mean(3, keepdim=True)
    return planes.sum(2, keepdim=True) / x.shape[2]


@torch.no_grad()
def steady(network: nn.Module) -> nn.Module:
    """A copy of a network with each 3-D instance norm replaced; the network itself where it has none."""
    if not any(isinstance(module, nn.InstanceNorm3d) for module in network.modules()):
        return network
    made = copy.deepcopy(network)
    for module in list(made.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.InstanceNorm3d):
                setattr(module, name, SteadyNorm3d(child))
    return made
