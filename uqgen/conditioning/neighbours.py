"""The real images that are near to what is requested: of the class requested, with the nearest scores."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen.conditioning.condition import Condition


class Neighbours(nn.Module):
    """Finds real images by their class and their (first) score.

    Args:
        n_classes: number of classes K.
        real: class and score of the M real images.
        n_nearest: images of a class that count as near, beside all that have the very score requested; all of the class
            where there are fewer.
    """

    def __init__(self, n_classes: int, real: Condition, n_nearest: int) -> None:
        super().__init__()
        by_score = real.score.argsort()
        order = torch.cat([by_score[real.label[by_score].argsort(stable=True)], by_score])  # by class; then of all
        sizes = torch.cat([real.label.bincount(minlength=n_classes), real.label.new_tensor([len(by_score)])])
        starts = F.pad(sizes.cumsum(0), (1, 0))
        for name, value in {"order": order, "score": real.score[order], "starts": starts}.items():
            self.register_buffer(name, value, persistent=False)  # follows from the data
        self.order: Tensor
        self.score: Tensor
        self.starts: Tensor
        self.n_classes, self.n_nearest = n_classes, n_nearest

    def forward(self, requested: Condition, chance: Tensor) -> Tensor:
        """Positions of near images (of any class, if no image has the one requested).

        Args:
            requested: N classes and scores.
            chance: float [N] in [0, 1): which of the near ones, in the order of their scores; or [N, L] for L each.

        Returns:
            int64, as many as chances: positions among the real images.
        """
        position = torch.zeros(chance.shape, dtype=torch.int64, device=chance.device)
        for label in range(self.n_classes):
            mine = (requested.label == label).nonzero().squeeze(1)
            position[mine] = self._of_class(label, requested.score[mine], chance[mine])
        return self.order[position]

    def _of_class(self, label: int, score: Tensor, chance: Tensor) -> Tensor:
        if self.starts[label] == self.starts[label + 1]:
            label = self.n_classes  # where all images are
        start, end = int(self.starts[label]), int(self.starts[label + 1])
        size, (scores, score) = end - start, (self.score[start:end].contiguous(), score.contiguous())
        lower, upper = (torch.searchsorted(scores, score, side=side) for side in ("left", "right"))
        n_near = (self.n_nearest + upper - lower).clamp_max(size)  # a sure classifier gives many the very same score
        first = (lower - self.n_nearest // 2).clamp_min(0).minimum(size - n_near)
        first, n_near = (each.view(-1, *[1] * (chance.dim() - 1)) for each in (first, n_near))
        return start + first + (chance * n_near).long()
