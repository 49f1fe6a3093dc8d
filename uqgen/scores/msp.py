"""Maximum softmax probability: Hendrycks and Gimpel (2017); the score of Le Coz et al. (2023)."""

from torch import Tensor

from uqgen.scores.score import score


@score(range=lambda n_classes: (1 / n_classes, 1.0), high_means="confident")
def msp(logits: Tensor, labels: Tensor) -> Tensor:
    """The maximum softmax probability, which is that of the most probable class: max_k softmax(logits)_k."""
    return logits.softmax(dim=1).amax(dim=1)
