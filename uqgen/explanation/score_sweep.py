"""Score sweeps: the noise is fixed, the score swept from certain to uncertain; the local use of Le Coz et al. (2023).

Where the networks are given the whole softmax vector, the vectors of a sweep lie between that of a certain image and
that of an uncertain one. Otherwise each score would come with other second choices, and more than the score would
change. The kinds of the image are kept, too, where there are any.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rich.progress import track
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score


@dataclass(frozen=True)
class ScoreSweep:
    """For each of K classes and M noises, images at S scores requested.

    Attributes:
        scores: the S scores requested, from the confident end to the uncertain one.
        x: uint8 [K, M, S, C, H, W]; along S nothing but the score requested differs.
        score_out: float32 [K, M, S], the scores achieved.
        probabilities: float32 [K, M, S, C] of all C classes.
    """

    scores: tuple[float, ...]
    x: Tensor
    score_out: Tensor
    probabilities: Tensor

    @property
    def predicted(self) -> Tensor:
        """The most probable class, int64 [K, M, S]."""
        return self.probabilities.argmax(dim=-1)


def sweep_scores(
    model: ConditionalModel,
    target: FrozenClassifier,
    score: Score,
    labels: Sequence[int],
    scores: Sequence[float],
    n_noises: int,
    seed: int,
) -> ScoreSweep:
    """Makes the images of a sweep, rounded to 256 levels, and has them scored.

    Args:
        model: the trained model, on the device where to compute.
        target: on the same device.
        score: fitted to the target.
        labels: K classes.
        scores: the S scores requested.
        n_noises: number M of noises of each class.
        seed: draws them.
    """
    rng = seeding.generator(seed, device=model.device)
    wanted = torch.tensor(scores, device=model.device).expand(n_noises, -1)
    images, achieved, probabilities = [], [], []
    for label in track(labels, "sweeps, one a class"):
        same = torch.full((n_noises,), label, device=model.device)
        x = to_uint8(model.sweep(same, wanted, rng)).cpu()
        logits = target.predict(x.flatten(0, 1))
        images.append(x)
        achieved.append(score(logits, same.repeat_interleave(len(scores)).cpu()))
        probabilities.append(predictive_logits(logits).softmax(dim=1))
    score_out, vectors = (torch.stack(parts).unflatten(1, wanted.shape) for parts in (achieved, probabilities))
    return ScoreSweep(tuple(scores), torch.stack(images), score_out, vectors)
