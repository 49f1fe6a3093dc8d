"""Which channels move the target's score, and which of them do the same.

Channels are ranked by gradients and confirmed by finite steps, as Wu et al. (2021) do, and chosen as AttFind does (Lang
et al., 2021, "Explaining in style", algorithm 1): greedily, each for the images that those before it have not moved.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.explanation.discovery.subjects import CHUNK, Subjects
from uqgen.explanation.discovery.viewers import Steps, Viewers, take_steps

N_CANDIDATES = 20  # channels that are tried in finite steps
SAME = 0.5  # cosine of the changes of two channels to images, from which on they are one attribute
FEWEST = 0.05  # share of images that an attribute moves, at least


@dataclass(frozen=True)
class Direction:
    """Channels that do the same.

    Attributes:
        signs: float32 [C], -1 or 1 for each of the channels, 0 for all others.
        steps: what it does to the images it was found in.
    """

    signs: Tensor
    steps: Steps


def channel_effects(subjects: Subjects, viewers: Viewers) -> Tensor:
    """How strongly each channel moves the score, and the hesitation between the two most probable classes.

    Returns:
        float32 [2, C]: by a standard deviation of the channel, the change of the score, and of the log-odds between the
        two classes, which moves where a sure score does not; absolute values, mean over the images.
    """
    total = torch.zeros_like(subjects.spread[:2])
    for chunk in torch.arange(len(subjects)).split(CHUNK):
        part = subjects.select(chunk)
        total += torch.stack([(gradient * part.spread).sum(dim=0) for gradient in _gradients(part, viewers)])
    return total / len(subjects)


def find_directions(subjects: Subjects, viewers: Viewers, n: int) -> list[Direction]:
    """At most n directions, each of which moves images that those before it do not move.

    Args:
        subjects: N images.
        viewers: whose target is looked at.
        n: number of directions.
    """
    effects = channel_effects(subjects, viewers)
    effect = (effects / effects.amax(dim=1, keepdim=True).clamp_min(1e-12)).amax(dim=0)  # of either, as far as it goes
    strongest = effect.argsort(descending=True)[:N_CANDIDATES]
    axes = torch.eye(len(effect), device=effect.device)[strongest[effect[strongest] > 0]]
    alone = [take_steps(subjects, subjects.step_along(axis), viewers) for axis in axes]
    merged = [_join(group, axes, alone, subjects, viewers) for group in merge([_effect(each) for each in alone])]
    if not merged:
        return []
    change = torch.stack([each.steps.change.abs().amax(dim=1) for each in merged])
    return [merged[number] for number in choose_directions(change, viewers.moved_by, n)]


def merge(effects: list[Tensor]) -> list[dict[int, float]]:
    """Groups what does the same; each group begins with the first that is in none.

    Args:
        effects: of each candidate, what a step changes in all images, float32 [D].

    Returns:
        For each group, its members with their sign as the leader has it.
    """
    if not effects:
        return []
    unit = torch.nn.functional.normalize(torch.stack(effects), dim=1)
    cosine, left, groups = unit @ unit.T, list(range(len(effects))), []
    while left:
        leader = left[0]
        group = {each: float(cosine[leader, each].sign()) for each in left if abs(cosine[leader, each]) >= SAME}
        groups.append({leader: 1.0, **group})
        left = [each for each in left if each not in groups[-1]]
    return groups


def choose_directions(change: Tensor, moved_by: float, n: int) -> list[int]:
    """Directions in the order in which they are needed.

    Args:
        change: float32 [G, N], how far each of G directions moves the score of each of N images.
        moved_by: the least change that counts.
        n: number of directions, at most.

    Returns:
        Positions; of those alone that move `FEWEST` of the images.
    """
    moved = change >= moved_by
    allowed = [number for number in range(len(change)) if moved[number].float().mean() >= FEWEST]
    chosen: list[int] = []
    left = torch.ones(change.shape[1], dtype=torch.bool)
    while allowed and len(chosen) < n:
        best = max(allowed, key=lambda number: float(change[number, left].mean()))
        chosen.append(best)
        allowed.remove(best)
        left = left & ~moved[best]
        left = left if left.any() else torch.ones_like(left)
    return chosen


def _gradients(subjects: Subjects, viewers: Viewers) -> list[Tensor]:
    """Absolute gradients by each channel of the score, and of the log-odds between two classes; float32 [N, C]."""
    change = torch.zeros_like(subjects.spread).requires_grad_()
    with torch.enable_grad():
        logits = viewers.target(subjects.decode(change).clamp(-1, 1))
        two = predictive_logits(logits).topk(2, dim=1).values
        wanted = viewers.score(logits, subjects.label.to(logits.device)).sum(), (two[:, 0] - two[:, 1]).sum()
        return [torch.autograd.grad(each, change, retain_graph=True)[0].abs() for each in wanted]


def _effect(steps: Steps) -> Tensor:
    """What the step from less to more changes in all images, float32 [D]."""
    return (steps.x[:, 2].float() - steps.x[:, 0].float()).flatten()


def _join(group: dict[int, float], axes: Tensor, alone: list[Steps], subjects: Subjects, viewers: Viewers) -> Direction:
    """Channels as one direction, whose "more" is what the target finds less certain on average."""
    signs = torch.stack([sign * axes[number] for number, sign in group.items()]).sum(dim=0)
    (first, *others) = group
    steps = take_steps(subjects, subjects.step_along(signs), viewers) if others else alone[first]
    less, more = viewers.uncertainty(steps.change).mean(dim=0).tolist()
    return Direction(-signs, steps.flipped()) if less > more else Direction(signs, steps)
