"""What a classifier says of images that are moved by a pixel.

A pattern that one classifier alone sees depends on the place of each pixel, a stroke does not. So a score that holds
while the image moves is one that other classifiers are likely to find, too.
"""

from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.shifts import DIRECTIONS, shifted


class ShiftedView(nn.Module):
    """A network that sees images moved.

    Args:
        network: maps images float32 [N, C, H, W] to logits.
        down, right: pixels.

    Examples:
        >>> import torch
        >>> view = ShiftedView(nn.Flatten(), 0, 1)
        >>> view(torch.tensor([[[[1.0, 2.0, 3.0]]]]))
        tensor([[1., 1., 2.]])
    """

    def __init__(self, network: nn.Module, down: int, right: int) -> None:
        super().__init__()
        self.network, self.down, self.right = network, down, right

    def forward(self, x: Tensor) -> Tensor:
        """The network's logits of images float32 [N, C, H, W], moved."""
        return self.network(shifted(x, self.down, self.right))


def shifted_views(classifier: FrozenClassifier) -> tuple[FrozenClassifier, ...]:
    """The classifier as it sees images moved by one pixel, in each of four directions."""
    return tuple(FrozenClassifier(ShiftedView(classifier.network, *direction)) for direction in DIRECTIONS)
