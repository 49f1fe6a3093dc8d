"""How a network takes in an encoded condition: every part embedded on its own."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from uqgen.generators.layers import EqualisedLinear, normalise_second_moment


class ConditionEmbedding(nn.Module):
    """Embeds each part of a condition linearly and normalises it, then concatenates.

    Parts do not share an embedding, so none can dominate another; what an encoding puts into one part does share one.

    Args:
        part_dims: width of each part.
        width: width of each embedded part.

    Examples:
        >>> ConditionEmbedding((10, 2), width=8)([torch.zeros(4, 10), torch.zeros(4, 2)]).shape
        torch.Size([4, 16])
    """

    def __init__(self, part_dims: Sequence[int], width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EqualisedLinear(n, width) for n in part_dims)
        self.out_features = width * len(part_dims)

    def forward(self, parts: Sequence[Tensor]) -> Tensor:
        """Parts, float [N, part_dims[i]], to float [N, out_features]."""
        embedded = (layer(part) for layer, part in zip(self.layers, parts, strict=True))
        return torch.cat([normalise_second_moment(part) for part in embedded], dim=1)
