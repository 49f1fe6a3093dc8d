"""The condition that real images have themselves."""

from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.conditioning.condition import Condition
from uqgen.scores import Score


def own_condition(logits: Tensor, label: Tensor, score: Score) -> Condition:
    """Class, score, softmax vector and, where there is one, second score of N images.

    Args:
        logits: float32 [N, K] or [N, M, K], the target's.
        label: int64 [N], the classes.
        score: fitted to the target.
    """
    second = None if score.second is None else score.second(logits, label)
    return Condition(label, score(logits, label), predictive_logits(logits).softmax(dim=1), second)
