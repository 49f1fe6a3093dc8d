"""True-class probability: Corbiere et al. (2019), "Addressing failure prediction by learning model confidence"."""

from torch import Tensor

from uqgen.scores.score import score


@score(range=lambda n_classes: (0.0, 1.0), high_means="confident")
def true_class(logits: Tensor, labels: Tensor) -> Tensor:
    """The softmax probability of the image's own class."""
    return logits.softmax(dim=1).gather(1, labels[:, None]).squeeze(1)
