"""What a model makes of a set of conditions, and what the target and the judges say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from uqgen import distributed, seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import predict
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.manifold import ScoredImages
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score


@dataclass(frozen=True)
class Generated:
    """Generated images and what was asked and obtained.

    Attributes:
        asked: N classes and scores, on the CPU.
        x: uint8 [N, C, H, W], or points float32 [N, 2], on the CPU.
        logits: float32 [N, K], or [N, M, K] of an ensemble, of the target.
        judge_scores: for each judge, float32 [N].
        score_out: float32 [N], the score obtained from the target; where a score needs the class, it is the one asked.
        second: the same images with the second score asked and obtained as the only one; None where there is none.
    """

    asked: Condition
    x: Tensor
    logits: Tensor
    judge_scores: dict[str, Tensor]
    score_out: Tensor
    second: "Generated | None" = None

    @property
    def scored(self) -> ScoredImages:
        """The images with class and score requested."""
        return ScoredImages(self.x, self.asked.label, self.asked.score)


def generate_scored(
    model: ConditionalModel,
    asked: Condition,
    target: FrozenClassifier,
    judges: dict[str, Judge],
    score: Score,
    seed: int,
) -> Generated:
    """Makes one image for each condition and has it scored.

    Args:
        model: the trained model, on the device where to compute.
        asked: N classes and scores.
        target, judges: on the same device.
        score: the score, fitted to the target.
        seed: draws the latents.
    """
    x = make_images(model, asked, seed)
    asked, logits = asked.to("cpu"), predict(target, x)
    said = {name: judge.score.scores(predict(judge.classifier, x), asked.label) for name, judge in judges.items()}
    first = {name: scores[:, 0] for name, scores in said.items()}
    made = Generated(asked, x, logits, first, score(logits, asked.label))
    if score.second is None:
        return made
    second = {name: scores[:, 1] for name, scores in said.items()}
    asked = asked.of_second()
    return replace(made, second=Generated(asked, x, logits, second, score.second(logits, asked.label)))


def make_images(model: ConditionalModel, asked: Condition, seed: int) -> Tensor:
    """Makes one image for each condition; every process does its share, and has the whole.

    Images are rounded to the 256 levels of real ones before anything is measured, so that nothing is obtained by a
    change that no picture could hold.

    Args:
        model: the trained model, on the device where to compute.
        asked: N classes and scores.
        seed: draws the latents.

    Returns:
        uint8 [N, C, H, W], or points float32 [N, 2], on the CPU.
    """
    rng = seeding.generator(seed, device=model.device)
    mine = distributed.share(len(asked.score))
    latent = model.draw_latent(len(asked.score), rng).select(mine)
    part = model.generate(latent, asked.select(mine).to(model.device))
    return distributed.gather((to_uint8(part) if part.dim() == 4 else part).cpu())


def fixed_noise(
    model: ConditionalModel, labels: Sequence[int], scores: list[float], seed: int
) -> tuple[Tensor, Condition]:
    """One row for each score and one column for each class, with the same noise in a column: figure 3 of the paper.

    Args:
        model: the trained model.
        labels: K classes, one a column.
        scores: R scores asked, one a row.
        seed: draws the noise.

    Returns:
        Images float32 [R * K, C, H, W] in [-1, 1] and what was asked for them, row by row, on the model's device.
    """
    column = torch.arange(len(labels), device=model.device).repeat(len(scores))
    asked = torch.tensor(scores, device=model.device).repeat_interleave(len(labels))
    latent = model.draw_latent(len(labels), seeding.generator(seed, device=model.device)).select(column)
    condition = Condition(torch.tensor(labels, device=model.device)[column], asked)
    return model.generate(latent, condition), condition


def sample_grid(model: ConditionalModel, labels: Sequence[int], scores: list[float], seed: int) -> Tensor:
    """Images float32 [K, S, C, H, W] in [-1, 1]: a row for each class and its noise, a column for each of S scores."""
    rng = seeding.generator(seed, device=model.device)
    row = torch.arange(len(labels), device=model.device).repeat_interleave(len(scores))
    asked = torch.tensor(scores, device=model.device).repeat(len(labels))
    latent = model.draw_latent(len(labels), rng).select(row)
    images = model.generate(latent, Condition(torch.tensor(labels, device=model.device)[row], asked))
    return images.unflatten(0, (len(labels), len(scores)))
