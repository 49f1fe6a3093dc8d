"""The velocity of a flow on points: fully connected layers."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen.generators.flow.velocity import TimeAndCondition, Velocity
from uqgen.settings import require_integer, require_points


class MLPVelocity(Velocity):
    """Velocity of points: residual layers over the point, given time and condition.

    Args:
        shape: (D,), coordinates of a point.
        part_dims: width of each part of the encoded condition.
        hidden: width of the layers.
        depth: number of residual layers.

    Raises:
        SettingError: the data are no points, or a width or the depth is too small.

    Examples:
        >>> velocity = MLPVelocity((2,), part_dims=(3,))
        >>> velocity(torch.zeros(4, 2), torch.rand(4), [torch.zeros(4, 3)]).shape
        torch.Size([4, 2])
    """

    def __init__(self, shape: tuple[int], part_dims: Sequence[int], hidden: int = 128, depth: int = 3) -> None:
        super().__init__()
        require_points(shape, "model=flow")
        require_integer("hidden", hidden, 1)
        require_integer("depth", depth, 1)
        self.told = TimeAndCondition(part_dims, hidden)
        self.stem = nn.Linear(shape[0], hidden)
        self.layers = nn.ModuleList(nn.Sequential(nn.SiLU(), nn.Linear(hidden, hidden)) for _ in range(depth))
        self.out = nn.Linear(hidden, shape[0])
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor, time: Tensor, parts: Sequence[Tensor], keep: Tensor | None = None) -> Tensor:
        """See `Velocity`."""
        y, embedded = self.stem(x), self.told(time, parts, keep)
        for layer in self.layers:
            y = torch.add(y, layer(y + embedded))
        return self.out(F.silu(y)).float()
