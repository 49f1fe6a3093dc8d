"""The paper's encoding: Le Coz et al. (2023), section 3."""

import torch
import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.settings import require_bool


class PaperEncoding(Encoding):
    """One-hot class and score, concatenated into one part of K + 1 numbers; K + 2 with a second score.

    A trained classifier is sure of most images, so raw scores hardly vary, and beside a one-hot class they hardly turn
    the embedding: MSP 0.9 and 1.0 are 3 degrees apart. Standardised like any input of a network, by the mean and the
    standard deviation of the training images' scores, they are followed.

    Args:
        n_classes: number of classes K.
        real: class and score of every training image.
        standardise: whether scores are standardised; False takes them raw.

    Examples:
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> encoding = PaperEncoding(2, real, standardise=False)
        >>> encoding(real)
        (tensor([[1.0000, 0.0000, 0.6000],
                [0.0000, 1.0000, 1.0000]]),)
    """

    def __init__(self, n_classes: int, real: Condition, standardise: bool = True) -> None:
        super().__init__(n_classes, real)
        scores = real.scores
        self.part_dims = (n_classes + scores.shape[1],)
        mean, deviation = scores.mean(dim=0).squeeze(), scores.std(dim=0).clamp_min(1e-6).squeeze()
        require_bool("standardise", standardise)
        self.register_buffer("mean", mean if standardise else torch.zeros_like(mean))
        self.register_buffer("deviation", deviation if standardise else torch.ones_like(deviation))
        self.mean: Tensor
        self.deviation: Tensor

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K + 1],), or K + 2."""
        one_hot = F.one_hot(condition.label, self.n_classes).float()
        return (torch.cat([one_hot, (condition.scores - self.mean) / self.deviation], dim=1),)
