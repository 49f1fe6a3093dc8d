"""Along which way a classifier loses a class that its judges keep.

What moves a score moves that of every classifier where images become hard for all. What is a weakness of one classifier
shows in how far it falls behind others. The mean gradient of that difference by the model's channels is one direction;
what the gradients of single images have in common beside it are more (active subspaces: Constantine et al., 2014).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.explanation.discovery.subjects import CHUNK, STEP, Subjects
from uqgen.guidance.guidance import class_log_odds

NEGLIGIBLE = 1e-5  # share of the gradients, below which rounding alone is left of them
SMALLEST = 1e-4  # share of the largest variance of the channels, below which a direction of them is left out


def own_steps(
    looked_in: Subjects, classifier: FrozenClassifier, judges: Sequence[FrozenClassifier], n: int
) -> list[Tensor]:
    """Changes of channels, by each of which a classifier and its judges come apart; the first the most.

    Channels vary together, so a change is counted in standard deviations of what they do together among neighbours.

    Args:
        looked_in: images of one class.
        classifier: on the model's device, as are the judges.
        judges: of which the mean is taken.
        n: number of changes, at most.

    Returns:
        float32 [C] each, `STEP` standard deviations long. More of the first lowers the classifier's log-odds of
        the class below the judges'; others have no sign yet.
    """
    axes = _axes(looked_in)
    gradient = _gradients(looked_in, axes, classifier, judges)
    negligible = NEGLIGIBLE * gradient.norm()
    found = [torch.nn.functional.normalize(-gradient.mean(dim=0), dim=0)]
    while len(found) < min(n, axes.shape[1]):
        gradient = gradient - (gradient @ found[-1])[:, None] * found[-1]
        if gradient.norm() <= negligible:
            break  # of few images: they have no more in common
        found.append(torch.linalg.svd(gradient, full_matrices=False).Vh[0])
    return [STEP * axes @ direction for direction in found]


def _axes(subjects: Subjects) -> Tensor:
    """Uncorrelated changes of channels of a standard deviation each, float32 [C, D]."""
    centred = (subjects.neighbours - subjects.neighbours.mean(dim=1, keepdim=True)).flatten(0, 1)
    _, lengths, directions = torch.linalg.svd(centred, full_matrices=False)
    variance = lengths.square() / (len(centred) - len(subjects))
    kept = variance > SMALLEST * variance.max()
    return directions[kept].T * variance[kept].sqrt()


def _gradients(
    subjects: Subjects, axes: Tensor, classifier: FrozenClassifier, judges: Sequence[FrozenClassifier]
) -> Tensor:
    """Of the log-odds of each image's class, the classifier's less the judges' mean; float32 [N, D]."""
    found = []
    for chunk in torch.arange(len(subjects)).split(CHUNK):
        part = subjects.select(chunk)
        along = torch.zeros(len(part), axes.shape[1], device=axes.device, requires_grad=True)
        with torch.enable_grad():
            x, label = part.decode(along @ axes.T).clamp(-1, 1), part.label.to(axes.device)
            mine, *others = (class_log_odds(predictive_logits(each(x)), label).sum() for each in (classifier, *judges))
            found.append(torch.autograd.grad(mine - torch.stack(others).mean(), along)[0])
    return torch.cat(found)
