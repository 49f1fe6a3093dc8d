"""A discovered attribute, measured in images in which it was not looked for."""

from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from uqgen.explanation.discovery.judge_agreement import followed
from uqgen.explanation.discovery.naming import Naming, best_name, name_steps
from uqgen.explanation.discovery.viewers import Steps, Viewers
from uqgen.metrics.bootstrap import Estimate, Floats, bootstrap


@dataclass(frozen=True)
class Effects:
    """What a step does, mean over the images.

    Attributes:
        moved: share of images whose score less or more of it changes by the level that counts.
        less, more: change of the target's score.
        hesitation: absolute change of the log-odds between the two classes that were most probable.
        changed_class: share of images whose most probable class less or more of it changes.
        followed: for each judge, the part of the change of the target's score that it sees: the slope of its own change
            on the target's, through 0.
    """

    moved: Estimate
    less: Estimate
    more: Estimate
    hesitation: Estimate
    changed_class: Estimate
    followed: dict[str, Estimate]


@dataclass(frozen=True)
class Discovered:
    """An attribute.

    Attributes:
        channels: names of the channels that are moved, each with the sign of "more".
        signs: float32 [C], see `Subjects.step_along`.
        effects: what it does.
        named: how it goes with each named attribute.
        map: float32 [H, W], mean absolute difference between less and more, pixels being in [0, 1]: where it acts.
        steps: the images it was measured in.
    """

    channels: tuple[str, ...]
    signs: Tensor
    effects: Effects
    named: dict[str, Naming]
    map: Tensor
    steps: Steps

    @property
    def goes_with(self) -> str | None:
        """The named attribute that it goes with; None where there is none."""
        return best_name(self.named)

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        of_effects = {field.name: getattr(self.effects, field.name) for field in fields(self.effects)}
        known = {"channels": self.channels, "goes_with": self.goes_with, "named": self.named}
        return {**known, **of_effects, "map": self.map.double().tolist()}


def measure_attribute(
    names: tuple[str, ...],
    signs: Tensor,
    steps: Steps,
    viewers: Viewers,
    n_resamples: int,
    seed: int,
    *,
    has_sign: bool = False,
) -> Discovered:
    """Measures a direction.

    Where it goes with a named attribute, more of it is made to be more of that, unless it has a sign of its own.

    Args:
        names: of all C channels.
        signs: float32 [C], the direction.
        steps: images moved along it.
        viewers: who looked.
        n_resamples, seed: of the bootstrap over images.
        has_sign: whether more of it means something already.
    """
    named = name_steps(steps.x, n_resamples, seed)
    name = best_name(named)
    if not has_sign and name is not None and named[name].change < 0:
        return measure_attribute(names, -signs, steps.flipped(), viewers, n_resamples, seed)
    chosen = signs.nonzero().squeeze(1).tolist()
    channels = tuple(f"{'+' if signs[number] > 0 else '-'} {names[number]}" for number in chosen)
    difference = (steps.x[:, 2].float() - steps.x[:, 0].float()).abs() / 255
    effects = _effects(steps, viewers, n_resamples, seed)
    return Discovered(channels, signs.cpu(), effects, named, difference.mean(dim=(0, 1)), steps)


def _effects(steps: Steps, viewers: Viewers, n_resamples: int, seed: int) -> Effects:
    change = steps.change.double()
    means = {
        "moved": (change.abs() >= viewers.moved_by).any(dim=1),
        "less": change[:, 0],
        "more": change[:, 1],
        "hesitation": (steps.hesitation[:, [0, 2]] - steps.hesitation[:, 1:2]).abs().mean(dim=1),
        "changed_class": (steps.predicted != steps.predicted[:, 1:2]).any(dim=1),
    }
    found = bootstrap(_means, tuple(part.double().numpy() for part in means.values()), n_resamples, seed)
    of_means = dict(zip(means, found.values(), strict=True))
    judged = {name: scores[:, [0, 2]] - scores[:, 1:2] for name, scores in steps.judges.items()}
    return Effects(**of_means, followed=followed(steps.change, judged, n_resamples, seed))


def _means(*values: Floats) -> dict[str, Floats]:
    return {str(number): value.mean(axis=-1) for number, value in enumerate(values)}
