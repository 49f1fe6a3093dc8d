"""Margin between the two most probable classes."""

from torch import Tensor

from uqgen.scores.score import score


@score(range=lambda n_classes: (0.0, 1.0), high_means="confident")
def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """The highest softmax probability less the second highest."""
    first, second = logits.softmax(dim=1).topk(2, dim=1).values.unbind(dim=1)
    return first - second
