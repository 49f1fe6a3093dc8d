"""What a model makes of a set of conditions, and what the target and the judges say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from uqgen import distributed, seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import predict
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.real import features_of
from uqgen.evaluation.real_cells import ScoredImages
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score


@dataclass(frozen=True)
class Generated:
    """Generated images and what was requested and achieved.

    Attributes:
        requested: N classes and scores, on the CPU.
        x: uint8 [N, C, H, W], or points float32 [N, 2], on the CPU.
        logits: float32 [N, K], or [N, M, K] of an ensemble, of the target.
        judge_scores: for each judge, float32 [N].
        score_out: float32 [N], the score that the target gives; where a score needs the class, it is the one requested.
        second: the same images with the second score requested and achieved as the only one; None where there is none.
        network: of the features, on the device where to compute; None for points, and where nobody asks for features.
    """

    requested: Condition
    x: Tensor
    logits: Tensor
    judge_scores: dict[str, Tensor]
    score_out: Tensor
    second: "Generated | None" = None
    network: nn.Module | None = None

    @cached_property
    def features(self) -> Tensor:
        """See `features_of`; computed when they are first needed."""
        return features_of(self.x, self.network)

    @property
    def scored(self) -> ScoredImages:
        """The images with class and score requested."""
        return ScoredImages(self.x, self.requested.label, self.requested.score)


def generate_scored(
    model: ConditionalModel,
    requested: Condition,
    target: FrozenClassifier,
    judges: dict[str, Judge],
    score: Score,
    seed: int,
    drawn_for: Sequence[Condition] | None = None,
) -> Generated:
    """Makes one image for each condition and has it scored.

    Args:
        model: the trained model, on the device where to compute.
        requested: N classes and scores.
        target, judges: on the same device.
        score: the score, fitted to the target.
        seed: draws the latents.
        drawn_for: see `make_images`.
    """
    x = make_images(model, requested, seed, drawn_for)
    requested, logits = requested.to("cpu"), predict(target, x)
    said = {name: judge.score.scores(predict(judge.classifier, x), requested.label) for name, judge in judges.items()}
    first = {name: scores[:, 0] for name, scores in said.items()}
    made = Generated(requested, x, logits, first, score(logits, requested.label))
    if score.second is None or requested.second is None:
        return made
    second = {name: scores[:, 1] for name, scores in said.items()}
    requested = requested.of_second()
    return replace(made, second=Generated(requested, x, logits, second, score.second(logits, requested.label)))


def make_images(
    model: ConditionalModel, requested: Condition, seed: int, drawn_for: Sequence[Condition] | None = None
) -> Tensor:
    """Makes one image for each condition; every process does its share, and has the whole.

    Images are rounded to the 256 levels of real ones before anything is measured, so that nothing is achieved by a
    change that no picture could hold.

    Args:
        model: the trained model, on the device where to compute.
        requested: N classes and scores.
        seed: draws the latents.
        drawn_for: what the latents are drawn for, each N classes and scores; None for what is requested.

    Returns:
        uint8 [N, C, H, W], or points float32 [N, 2], on the CPU.
    """
    rng = seeding.generator(seed, device=model.device)
    mine = distributed.share(len(requested.score))
    conditions = [each.select(mine).to(model.device) for each in drawn_for or [requested]]
    latent = model.draw(len(requested.score), conditions, rng, mine)
    part = model(latent, requested.select(mine).to(model.device))
    return distributed.gather((to_uint8(part) if part.dim() == 4 else part).cpu())


def sample_grid(model: ConditionalModel, labels: Sequence[int], scores: list[float], seed: int) -> Tensor:
    """Images float32 [K, S, C, H, W] in [-1, 1]: a row for each class and its noise, a column for each of S scores.

    Along a row only the score differs.

    Args:
        model: the trained model.
        labels: K classes, one a row.
        scores: S scores requested, one a column.
        seed: draws the noise.
    """
    wanted = torch.tensor(scores, device=model.device).expand(len(labels), -1)
    return model.sweep(torch.tensor(labels, device=model.device), wanted, seeding.generator(seed, device=model.device))
