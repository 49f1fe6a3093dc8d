"""Score sweeps: the noise is fixed and the score swept from certain to uncertain; Le Coz et al. (2023), section 3.3."""

from dataclasses import dataclass

import torch
from rich.progress import track
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8
from uqgen.gan.module import ConditionalGAN
from uqgen.scores import Score


@dataclass(frozen=True)
class Sweep:
    """For each of K classes and M noises, images at S scores asked.

    Attributes:
        scores: the S scores asked, from the confident end to the uncertain one.
        x: uint8 [K, M, S, C, H, W]; along S nothing but the score asked differs.
        score_out: float32 [K, M, S], the scores obtained.
        probabilities: float32 [K, M, S, K].
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
    gan: ConditionalGAN,
    target: FrozenClassifier,
    score: Score,
    n_classes: int,
    scores: tuple[float, ...],
    n_noises: int,
    seed: int,
) -> Sweep:
    """Makes the images of a sweep, rounded to 256 levels, and has them scored.

    Args:
        gan: the trained GAN, on the device where to compute.
        target: on the same device.
        score: fitted to the target.
        n_classes: number of classes K.
        scores: the S scores asked.
        n_noises: number M of noises of each class.
        seed: draws them.
    """
    rng = seeding.generator(seed, device=gan.device)
    asked = torch.tensor(scores, device=gan.device).repeat(n_noises)
    row = torch.arange(n_noises, device=gan.device).repeat_interleave(len(scores))
    images, obtained, probabilities = [], [], []
    for label in track(range(n_classes), "sweeps, one a class"):
        latent = gan.generator.draw_latent(n_noises, rng).select(row)
        condition = Condition(torch.full_like(row, label), asked)
        x = to_uint8(gan.generate(latent, condition)).cpu()
        logits = target.predict(x)
        images.append(x)
        obtained.append(score(logits, condition.label.cpu()))
        probabilities.append(predictive_logits(logits).softmax(dim=1))
    shape = (n_noises, len(scores))
    x, score_out, vectors = (torch.stack(parts).unflatten(1, shape) for parts in (images, obtained, probabilities))
    return Sweep(scores, x, score_out, vectors)
