"""How many attributes it takes: the share of images that the first k of them make uncertain.

Lang et al. (2021), "Explaining in style", section 4.3, with the score in place of the class.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.explanation.discovery.honesty import followed
from uqgen.explanation.discovery.subjects import Subjects
from uqgen.explanation.discovery.viewers import Viewers
from uqgen.metrics.bootstrap import Estimate, Floats, bootstrap


@dataclass(frozen=True)
class Sufficiency:
    """Of images that the target is sure of, those that it no longer is once attributes are changed.

    Attributes:
        level: the score between sure and unsure.
        n: number of images that are sure as they are.
        shares: of them that are not, with the first 1, 2, ... attributes changed, each less, more, or not at all, as
            suits the image best.
        by_chance: the same with as many channels drawn at random.
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
    drawn = [_shuffled(each, seeding.generator(seed, number)) for number, each in enumerate(signs)]
    _, by_chance = _change_all(chosen, x, drawn, viewers)
    ours, chance = (_shares(each, level, viewers, n_resamples, seed) for each in (scores, by_chance))
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


def _shuffled(signs: Tensor, rng: torch.Generator) -> Tensor:
    """As many channels, drawn at random."""
    return signs[torch.randperm(len(signs), generator=rng)]


def _shares(scores: list[Tensor], level: float, viewers: Viewers, n_resamples: int, seed: int) -> tuple[Estimate, ...]:
    threshold = viewers.uncertainty(torch.tensor(level))
    unsure = [(viewers.uncertainty(score) >= threshold).double().numpy() for score in scores]
    return tuple(bootstrap(_mean, (each,), n_resamples, seed)["mean"] for each in unsure)


def _mean(values: Floats) -> dict[str, Floats]:
    return {"mean": values.mean(axis=-1)}
