"""How many attributes it takes: the share of images that the first k of them make uncertain.

Lang et al. (2021), "Explaining in style", section 4.3, with the score in place of the class.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.explanation.discovery.judge_agreement import followed
from uqgen.explanation.discovery.subjects import Subjects
from uqgen.explanation.discovery.viewers import Viewers
from uqgen.metrics.bootstrap import Estimate, bootstrap_mean

N_DRAWS = 5  # of channels at random: one may hit upon those that count


@dataclass(frozen=True)
class Sufficiency:
    """Of images that the target is sure of, those that it no longer is once attributes are changed.

    Attributes:
        level: the score between sure and unsure.
        n: number of images that are sure as they are.
        shares: of them that are not, with the first 1, 2, ... attributes changed, each less, more, or not at all, as
            suits the image best.
        by_chance: the same with as many channels drawn at random, mean over `N_DRAWS` draws.
        followed: for each judge, the part of the target's change by all attributes that it sees.
    """

    level: float
    n: int
    shares: tuple[Estimate, ...]
    by_chance: tuple[Estimate, ...]
    followed: dict[str, Estimate]


def sufficiency(subjects: Subjects, signs: list[Tensor], viewers: Viewers, n_resamples: int, seed: int) -> Sufficiency:
    """Changes attributes of images one after the other.

    Args:
        subjects: N images.
        signs: float32 [C] of each attribute, see `Subjects.step_along`.
        viewers: the target and the judges.
        n_resamples, seed: of the bootstrap over images; the seed draws channels, too.
    """
    level = sum(viewers.requested_range) / 2
    before = viewers.score(viewers.target.predict(subjects.as_is), subjects.label)
    sure = (viewers.uncertainty(before) < viewers.uncertainty(torch.tensor(level))).nonzero().squeeze(1)
    if len(sure) == 0:
        return Sufficiency(level, 0, (), (), {})
    chosen, x = subjects.select(sure), subjects.as_is[sure]
    found, scores = _change_all(chosen, x, signs, viewers)
    by_chance = [_change_all(chosen, x, _drawn(signs, draw, seed), viewers)[1] for draw in range(N_DRAWS)]
    ours, chance = (_shares(each, level, viewers, n_resamples, seed) for each in ([scores], by_chance))
    moved = scores[-1] - before[sure] if scores else torch.zeros(len(sure))
    judged = {
        name: (judge.score_of(found, chosen.label) - judge.score_of(x, chosen.label))[:, None]
        for name, judge in viewers.judges.items()
    }
    return Sufficiency(level, len(sure), ours, chance, followed(moved[:, None], judged, n_resamples, seed))


def _change_all(subjects: Subjects, x: Tensor, signs: list[Tensor], viewers: Viewers) -> tuple[Tensor, list[Tensor]]:
    """The images with all attributes changed, and their scores, float32 [N], after each of them."""
    change, best = torch.zeros_like(subjects.spread), viewers.score(viewers.target.predict(x), subjects.label)
    scores = []
    for direction in signs:
        step = subjects.step_along(direction)
        for tried in (change - step, change + step):
            made = subjects.changed(tried)
            score = viewers.score(viewers.target.predict(made), subjects.label)
            is_better = viewers.uncertainty(score) > viewers.uncertainty(best)
            best, x = torch.where(is_better, score, best), torch.where(is_better[:, None, None, None], made, x)
            kept = is_better[:, None].to(change.device)
            change = torch.where(kept, tried, change)
        scores.append(best)
    return x, scores


def _drawn(signs: list[Tensor], draw: int, seed: int) -> list[Tensor]:
    """For each attribute as many channels, drawn at random."""
    rngs = [seeding.generator(seed, draw * len(signs) + number) for number in range(len(signs))]
    return [each[torch.randperm(len(each), generator=rng)] for each, rng in zip(signs, rngs, strict=True)]


def _shares(
    draws: list[list[Tensor]], level: float, viewers: Viewers, n_resamples: int, seed: int
) -> tuple[Estimate, ...]:
    """Of images that are unsure after each attribute, mean over draws of scores; the images are resampled."""
    threshold = viewers.uncertainty(torch.tensor(level))
    steps = (torch.stack(scores) for scores in zip(*draws, strict=True))
    unsure = ((viewers.uncertainty(scores) >= threshold).double().mean(dim=0).numpy() for scores in steps)
    return tuple(bootstrap_mean(each, n_resamples, seed) for each in unsure)
