"""What is requested of the generator, and what the discriminator is given with an image."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Condition(NamedTuple):
    """A class and a score for each image of a batch.

    Attributes:
        label: int64 [N], the class.
        score: float32 [N], the score requested (of the generator) or own (of a real image).
        probabilities: float32 [N, K], the classifier's softmax vector, where known: of a real image its own.
        second: float32 [N], a second score, where two are requested.
        kinds: int64 [N, F], of each image its kind by each of F features, where kinds are told apart.

    Examples:
        >>> condition = Condition(torch.tensor([3, 5]), torch.tensor([0.5, 1.0]))
        >>> condition.select(torch.tensor([1])).label
        tensor([5])
    """

    label: Tensor
    score: Tensor
    probabilities: Tensor | None = None
    second: Tensor | None = None
    kinds: Tensor | None = None

    @property
    def scores(self) -> Tensor:
        """The score and the second one, float32 [N, S] with S 1 or 2."""
        return torch.stack([self.score] if self.second is None else [self.score, self.second], dim=1)

    def of_second(self) -> "Condition":
        """The same classes with the second score as the only one."""
        assert self.second is not None
        return Condition(self.label, self.second)

    def to(self, device: torch.device | str) -> "Condition":
        """The same condition on another device."""
        return self._each(lambda part: part.to(device))

    def select(self, index: Tensor | slice) -> "Condition":
        """The conditions at these positions of the batch."""
        return self._each(lambda part: part[index])

    @classmethod
    def repeated(cls, label: int, score: float, n: int, device: torch.device) -> "Condition":
        """One class and score for each of n images."""
        return cls(torch.full((n,), label, device=device), torch.full((n,), float(score), device=device))

    @classmethod
    def cat(cls, parts: Sequence["Condition"]) -> "Condition":
        """All conditions of several batches, of which all or none have probabilities, a second score and kinds."""
        labels, scores, *others = zip(*parts, strict=True)
        rest = (None if each[0] is None else torch.cat(each) for each in others)
        return cls(torch.cat(labels), torch.cat(scores), *rest)

    def between(self, way: Tensor) -> "Condition":
        """Conditions on the straight way from the first of two, of the same class, to the second; kinds change halfway.

        Args:
            way: float32 [S] in [0, 1], how far each is from the first.
        """

        def on_the_way(part: Tensor) -> Tensor:
            first, second = part[:1], part[1:]
            passed = way.view(-1, *[1] * (part.dim() - 1))
            return first.lerp(second, passed) if part.is_floating_point() else torch.where(passed < 0.5, first, second)

        return self._each(on_the_way)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Condition":
        rest = (None if part is None else change(part) for part in (self.probabilities, self.second, self.kinds))
        return Condition(change(self.label), change(self.score), *rest)
