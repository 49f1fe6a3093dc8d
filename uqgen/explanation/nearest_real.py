"""A baseline of editing: the real image of that class and score that is nearest to the image given."""

import torch
from torch import Tensor

from uqgen.chunks import rows_at_once
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import LabelledData
from uqgen.explanation.edits import Edits, by_change
from uqgen.scores import Score


def nearest_real(
    x: Tensor,
    label: Tensor,
    real: LabelledData,
    real_score: Tensor,
    target: FrozenClassifier,
    score: Score,
    requested: Tensor,
    tolerance: float,
) -> Edits:
    """The nearest image of the same class whose score is the one requested, or has the score that is nearest to it.

    Args:
        x: uint8 [N, C, H, W], of classes that there are real images of.
        label: int64 [N], their classes.
        real: training images.
        real_score: float32 [T], theirs.
        target: the classifier.
        score: fitted to it.
        requested: float32 [S].
        tolerance: by which a score may be missed.
    """
    found = torch.empty(len(x), len(requested), dtype=torch.int64)
    for one in label.unique():
        of_class = (real.label == one).nonzero().squeeze(1)
        given = x[label == one].flatten(1).float()
        parts = of_class.split(rows_at_once(real.x))
        change = torch.cat([torch.cdist(given, real.x[part].flatten(1).float()) for part in parts], dim=1)
        miss = (real_score[of_class] - requested[:, None]).abs()
        position = [by_change(change, each.expand_as(change), tolerance)[..., 0] for each in miss]
        found[label == one] = of_class[torch.stack(position, dim=1)]
    return Edits.scored(real.x[found], label, target, score)
