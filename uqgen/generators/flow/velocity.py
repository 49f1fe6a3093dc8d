"""What a flow needs of its network, and how a network is given the time and the condition."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen.described import DescribedModule
from uqgen.generators.embedding import ConditionEmbedding

N_WAVES = 32  # of the time's features
FASTEST = 100.0  # radians over the whole time, of the fastest wave


class Velocity(DescribedModule, ABC):
    """The velocity field v(x, t, condition) of a flow from noise at t = 0 to data at t = 1."""

    @abstractmethod
    def forward(self, x: Tensor, time: Tensor, parts: Sequence[Tensor], keep: Tensor | None = None) -> Tensor:
        """Velocities.

        Args:
            x: float32 [N, C, H, W], or points [N, D]: noise and data mixed.
            time: float32 [N] in [0, 1].
            parts: the encoded condition, one float [N, part_dims[i]] for each part.
            keep: bool [N]; where False the condition is withheld. None: nowhere.

        Returns:
            float32, of the shape of x.
        """


class TimeAndCondition(nn.Module):
    """Embeds the time and the parts of a condition; float [N, width].

    Args:
        part_dims: width of each part.
        width: of the embedding.

    Examples:
        >>> TimeAndCondition((10, 2), width=16)(torch.rand(4), [torch.zeros(4, 10), torch.zeros(4, 2)]).shape
        torch.Size([4, 16])
    """

    def __init__(self, part_dims: Sequence[int], width: int) -> None:
        super().__init__()
        self.parts = ConditionEmbedding(part_dims, width)
        self.condition = nn.Linear(self.parts.out_features, width)
        self.time = nn.Linear(2 * N_WAVES, width)
        self.hidden = nn.Linear(width, width)
        frequencies = torch.exp(torch.linspace(0, math.log(FASTEST), N_WAVES))
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.frequencies: Tensor

    def forward(self, time: Tensor, parts: Sequence[Tensor], keep: Tensor | None = None) -> Tensor:
        """See `Velocity.forward`; a condition that is withheld adds nothing to the time."""
        angles = time[:, None] * self.frequencies
        condition = self.condition(self.parts(parts))
        if keep is not None:
            condition = condition * keep[:, None].to(condition.dtype)
        return self.hidden(F.silu(self.time(torch.cat([angles.sin(), angles.cos()], dim=1)) + condition))
