"""Class and score apart, the score as its log-odds."""

import torch
import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.log_odds import LogOdds


class LogitEncoding(Encoding):
    """Two parts, each embedded on its own so that neither drowns the other: one-hot class, and log-odds of the score.

    Args:
        n_classes: number of classes K.
        real: class and score of every training image.
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.part_dims = (n_classes, 2)
        self.log_odds = LogOdds(real.score)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K], float32 [N, 2] in [-1, 1]).

        Each part is brought to mean square one once it is embedded, which would leave a lone number nothing but its
        sign: the log-odds z go with 1 - |z|.
        """
        odds = self.log_odds(condition.score)[:, None]
        return F.one_hot(condition.label, self.n_classes).float(), torch.cat([odds, 1 - odds.abs()], dim=1)
